import Gateway
import HTTPClientDriver
import Synchronization
import Testing

@testable import WordWeave

extension KilledSystem {
  @Suite(.serialized) struct KilledWritersTests {
    private static let writers = 8
    private static let kills = 6

    /// What was told to somebody, and must therefore stay.
    private struct Told: Sendable {
      var posts: [String: String] = [:]
      var events: [Int64: String] = [:]
    }

    private final class Witness: Sendable {
      private let told = Mutex(Told())
      func withLock<R>(_ body: (inout sending Told) throws -> sending R) rethrows -> sending R {
        try told.withLock(body)
      }
    }

    @Test(arguments: [3]) func whatWasAnsweredOrReadIsNeverUndone(seed: UInt64) async throws {
      print("kills of writers: seed \(seed)")
      var random = SplitMix(seed: seed)
      let scratch = try Scratch()
      let system = try await Served(in: scratch)
      let author = try await Person("ada", at: system)
      let told = Witness()
      for round in 0..<Self.kills {
        let known = told.withLock { $0.posts.count }
        try await withThrowingTaskGroup(of: Void.self) { group in
          for writer in 0..<Self.writers {
            group.addTask { try await Self.write(author, "\(round) \(writer)", told) }
          }
          group.addTask { try await Self.read(system, told) }
          let written = try await eventually("the writers get going") {
            let count = told.withLock { $0.posts.count }
            return count >= known + 10 ? count : nil
          }
          #expect(written > known)
          try await Task.sleep(for: .milliseconds(Int.random(in: 0...200, using: &random)))
          try await system.crash()
          try await group.waitForAll()
        }
        try await system.restart()
        let expected = told.withLock { $0 }
        let events = try await system.events()
        var ids: [Int64: String] = [:]
        for event in events { ids[event["position"]?.integer ?? 0] = event["id"]?.text }
        #expect(ids.count == events.count)
        for (position, id) in expected.events { #expect(ids[position] == id) }
        for (id, title) in expected.posts {
          let post = try await author.send("GET", "/v1/posts/" + id)
          #expect(post.status == 200)
          #expect(try post.json()["title"]?.text == title)
        }
      }
      #expect(told.withLock { $0.posts.count } >= 10 * Self.kills)
      #expect(told.withLock { $0.events.count } >= 10)
      try await system.expectSound()
      #expect(try await system.stop() == 0)
    }

    /// Writes until the system is gone.
    private static func write(
      _ author: Person,
      _ name: String,
      _ told: Witness
    ) async throws {
      for index in 0... {
        let title = "Post \(name) \(index)"
        let body = #"{"title":"\#(title)","body":"Words."}"#
        guard let response = try? await author.send("POST", "/v1/posts", body) else { return }
        #expect(response.status == 201, "\(response.text)")
        let id = try #require(try response.json()["id"]?.text)
        told.withLock { $0.posts[id] = title }
      }
    }

    /// Reads the log until the system is gone.
    private static func read(_ system: Served, _ told: Witness) async throws {
      var after: Int64 = 0
      while let page = try? await system.json("/v1/admin/events?after=\(after)&limit=500") {
        for event in page["items"]?.items ?? [] {
          let position = event["position"]?.integer ?? 0
          #expect(position == after + 1)
          after = position
          told.withLock { $0.events[position] = event["id"]?.text }
        }
      }
    }
  }
}
