import Foundation
import RedisDriver
import Synchronization
import Testing

@Suite(.enabled(if: Server.redis.isAvailable), .timeLimit(.minutes(1)))
struct RedisDriverTests {
  private static func key(_ name: String = "k") -> [UInt8] {
    Array("test:\(UUID().uuidString):\(name)".utf8)
  }

  @Test func bytesComeBackAsTheyWere() async throws {
    try await RedisTest.withClient { client in
      let values: [[UInt8]] = [
        [], [0], Array(0...255), Array("\r\n".utf8), Array("$-1\r\n".utf8),
        [UInt8](repeating: 0, count: RedisLimits.valueBytes),
      ]
      for value in values {
        // A key may hold any byte as well.
        let key = Self.key() + [0, 13, 10, 255]
        let answer = try await client.run(.get(key))
        #expect(answer == .null)
        let stored = try await client.run(.set(key, value, expiresAfter: .seconds(60)))
        #expect(stored == .status("OK"))
        #expect(try await client.run(.get(key)) == .bytes(value))
        #expect(try await client.run(.get(key, first: 16)) == .bytes(Array(value.prefix(16))))
        #expect(try await client.run(.delete(key)) == .integer(1))
        #expect(try await client.run(.get(key, first: 16)) == .bytes([]))
      }
    }
  }

  @Test func valuesGoWhenTheirTimeIsOver() async throws {
    try await RedisTest.withClient { client in
      let key = Self.key()
      _ = try await client.run(.set(key, [1], expiresAfter: .milliseconds(20)))
      try await until("the value goes") { try await client.run(.get(key)) == .null }
      _ = try await client.run(.set(key, [1], expiresAfter: .seconds(100)))
      guard case .integer(let left) = try await client.run(RedisCommand("PTTL", key)) else {
        Issue.record("no time to live")
        return
      }
      #expect((90_000...100_000).contains(left))
    }
  }

  @Test func answersOfAPipelineComeInOrderAndARefusalTouchesNoNeighbour() async throws {
    try await RedisTest.withClient { client in
      let keys = (0..<100).map { Self.key("\($0)") }
      let set = try await client.run(
        keys.enumerated().map { .set($1, Array("\($0)".utf8), expiresAfter: .seconds(60)) }
      )
      #expect(set == keys.map { _ in .status("OK") })
      var questions = keys.map { RedisCommand.get($0) }
      questions.insert(RedisCommand("NOSUCH", [1]), at: 50)
      var replies = try await client.run(questions)
      guard case .refusal(let text) = replies.remove(at: 50) else {
        Issue.record("an unknown command was not refused")
        return
      }
      #expect(text.contains("unknown command"))
      #expect(replies == (0..<100).map { .bytes(Array("\($0)".utf8)) })
      #expect(try await client.run([]) == [])
    }
  }

  @Test func manyCallersGetTheirOwnAnswers() async throws {
    try await RedisTest.withClient { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for caller in 0..<100 {
          group.addTask {
            let key = Self.key("\(caller)")
            for round in 0..<20 {
              let value = Array("\(caller).\(round)".utf8)
              let replies = try await client.run([
                .set(key, value, expiresAfter: .seconds(60)), .get(key),
              ])
              #expect(replies == [.status("OK"), .bytes(value)])
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func whatIsTooLargeIsNotSent() async throws {
    try await RedisTest.withClient { client in
      let large = [UInt8](repeating: 1, count: RedisLimits.valueBytes + 1)
      let error = await #expect(throws: RedisError.self) {
        try await client.run(.set(Self.key(), large, expiresAfter: .seconds(1)))
      }
      #expect(error?.code == .tooLarge)
      let many = RedisCommand([[UInt8]](repeating: [65], count: RedisLimits.arguments + 1))
      let refused = await #expect(throws: RedisError.self) { try await client.run(many) }
      #expect(refused?.code == .tooLarge)
      // The connection is as good as before.
      let most = RedisCommand(
        [Array("DEL".utf8)] + (1..<RedisLimits.arguments).map { Self.key("\($0)") }
      )
      let answer = try await client.run(most)
      #expect(answer == .integer(0))
    }
  }

  @Test func anArrayIsRefusedWhateverItClaimsToHold() async throws {
    try await RedisTest.withClient { client in
      let error = await #expect(throws: RedisError.self) {
        try await client.run(RedisCommand("TIME"))
      }
      #expect(error?.code == .unexpected)
      try await until("the client connects anew") { client.isReady }
      #expect(try await client.run(.ping) == .status("PONG"))
    }
  }

  @Test func passwordsOpenAndDatabasesDivide() async throws {
    let redis = try await OwnRedis("--requirepass", "p@ss:w/rd")
    let place = redis.url.dropFirst("redis://".count)
    let signedIn = "redis://:p%40ss%3Aw%2Frd@\(place)"
    let key = Self.key()
    try await RedisTest.withClient(try RedisTest.settings(signedIn + "/3")) { client in
      _ = try await client.run(.set(key, [3], expiresAfter: .seconds(60)))
      #expect(try await client.run(.get(key)) == .bytes([3]))
    }
    let named = "redis://default:p%40ss%3Aw%2Frd@\(place)/0"
    try await RedisTest.withClient(try RedisTest.settings(named)) { client in
      let answer = try await client.run(.get(key))
      #expect(answer == .null)
    }
    for url in ["redis://\(place)", "redis://:wrong-secret@\(place)"] {
      let failure = try await Self.firstFailure(of: try RedisTest.settings(url))
      #expect(failure.code == .refused)
      #expect(!failure.description.contains("secret"))
    }
    redis.kill()
  }

  @Test func nobodyThereIsAConnectionThatFailed() async throws {
    let redis = try await OwnRedis()
    redis.kill()
    let failure = try await Self.firstFailure(of: try RedisTest.settings(redis.url))
    #expect(failure.code == .connectionFailed)
    #expect(failure.isRetriable)
  }

  /// What the first connection fails of.
  private static func firstFailure(of settings: RedisSettings) async throws -> RedisError {
    let client = RedisClient(settings)
    let failures = AsyncStream.makeStream(of: RedisError.self)
    let running = Task {
      await client.run { if case .failed(let error) = $0 { failures.continuation.yield(error) } }
    }
    defer { running.cancel() }
    let failure = await failures.stream.first { _ in true }
    let skipped = await #expect(throws: RedisError.self) { try await client.run(.ping) }
    #expect(skipped?.isSkip == true)
    return try #require(failure)
  }
}
