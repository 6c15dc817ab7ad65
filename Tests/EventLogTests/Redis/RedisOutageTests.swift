import Foundation
import RedisDriver
import Testing

@Suite(.enabled(if: Server.redis.isAvailable), .timeLimit(.minutes(1)))
struct RedisOutageTests {
  private static let patience = Duration.milliseconds(300)

  private static func settings(_ url: String) throws -> RedisSettings {
    var settings = try RedisSettings(url: url)
    settings.commandTimeout = patience
    return settings
  }

  private static func time(_ body: () async -> Void) async -> Duration {
    await ContinuousClock().measure { await body() }
  }

  @Test func aKilledRedisIsUsedAgainWhenItIsBack() async throws {
    let redis = try await OwnRedis()
    try await RedisTest.withClient(try RedisTest.settings(redis.url)) { client in
      let answer = try await client.run(.ping)
      #expect(answer == .status("PONG"))
    }
    let client = RedisClient(try RedisTest.settings(redis.url))
    let running = Task { await client.run() }
    try await until("the client connects") { client.isReady }
    for _ in 0..<2 {
      redis.kill()
      await #expect(throws: RedisError.self) { try await client.run(.ping) }
      #expect(!client.isReady)
      try await redis.start()
      try await until("the client connects anew") { client.isReady }
      #expect(try await client.run(.ping) == .status("PONG"))
    }
    running.cancel()
    await running.value
    await #expect(throws: RedisError.self) { try await client.run(.ping) }
    redis.kill()
  }

  @Test func aRedisThatStopsAnsweringCostsOneTimeLimitAndIsThenSkipped() async throws {
    let redis = try await OwnRedis()
    let client = RedisClient(try Self.settings(redis.url))
    let running = Task { await client.run() }
    defer { running.cancel() }
    try await until("the client connects") { client.isReady }
    redis.pause()
    // Everybody who asks at that time waits for the same limit.
    let first = await Self.time {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<50 {
          group.addTask {
            await #expect(throws: RedisError.self) { try await client.run(.ping) }
          }
        }
      }
    }
    #expect(first >= Self.patience * 9 / 10)
    #expect(first < Self.patience * 10)
    // Its port accepts connections all the same, which must not make it look sound.
    let later = await Self.time {
      for _ in 0..<1000 {
        let error = await #expect(throws: RedisError.self) { try await client.run(.ping) }
        #expect(error?.isSkip == true)
      }
    }
    #expect(later < Self.patience * 10)
    redis.resume()
    try await until("the client connects anew") { client.isReady }
    redis.kill()
  }

  @Test func theQueueTakesItsLimitAndRefusesOneMoreAtOnce() async throws {
    let redis = try await OwnRedis()
    var settings = try RedisSettings(url: redis.url)
    settings.commandTimeout = .seconds(2)
    let client = RedisClient(settings)
    let running = Task { await client.run() }
    defer { running.cancel() }
    try await until("the client connects") { client.isReady }
    redis.pause()
    let more = 20
    let codes = await withTaskGroup(of: RedisError.Code?.self) { group in
      for _ in 0..<(RedisLimits.queuedRequests + more) {
        group.addTask {
          do throws(RedisError) {
            _ = try await client.run(.ping)
            return nil
          } catch {
            return error.code
          }
        }
      }
      return await group.reduce(into: [RedisError.Code?]()) { $0.append($1) }
    }
    #expect(codes.count { $0 == .overloaded } == more)
    #expect(!codes.contains(nil))
    redis.kill()
  }

  @Test(arguments: [
    ("*2147483647\r\n", RedisError.Code.unexpected), ("*2\r\n:1\r\n:2\r\n", .unexpected),
    ("hello\r\n", .unexpected), ("$5\r\nhello\r\n+OK\r\n", .unexpected),
    ("$10\r\nhello", .timedOut),
    ("", .timedOut), ("$99999999999999999999\r\n", .unexpected),
  ])
  func whatIsNoAnswerEndsTheConnection(_ answer: String, _ code: RedisError.Code) async throws {
    let liar = try RawRedis(Array(answer.utf8))
    try await RedisTest.withClient(try Self.settings(liar.url)) { client in
      let error = await #expect(throws: RedisError.self) { try await client.run(.get([1])) }
      #expect(error?.code == code)
    }
  }

  @Test func anAnswerLargerThanAValueIsNotWaitedFor() async throws {
    let size = 64 << 20
    let answer = Array("$\(size)\r\n".utf8) + [UInt8](repeating: 7, count: 4 << 20)
    let liar = try RawRedis(answer)
    var settings = try Self.settings(liar.url)
    settings.commandTimeout = .seconds(20)
    try await RedisTest.withClient(settings) { client in
      let error = await #expect(throws: RedisError.self) { try await client.run(.get([1])) }
      #expect(error?.code == .tooLarge)
    }
  }

  @Test func bytesThatTrickleDoNotStretchTheTimeLimit() async throws {
    let answer = Array("$1000\r\n".utf8) + [UInt8](repeating: 7, count: 1000)
    let liar = try RawRedis(answer, piece: 1, pause: .milliseconds(20))
    try await RedisTest.withClient(try Self.settings(liar.url)) { client in
      let time = await Self.time {
        let error = await #expect(throws: RedisError.self) { try await client.run(.get([1])) }
        #expect(error?.code == .timedOut)
      }
      #expect(time < Self.patience * 10)
    }
  }
}
