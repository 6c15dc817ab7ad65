import Gateway
import Glibc
import HTTPClientDriver
import Testing

@testable import WordWeave

extension KilledSystem {
  /// The whole history takes three minutes in debug, so every run takes its beginning only;
  /// `WORDWEAVE_LONG=1` takes all of it.
  @Suite(.serialized, .enabled(if: SharedBlog.isThere, SharedBlog.comment))
  struct KilledImportTests {
    private static let kills = 20
    private static let revisions = environment("WORDWEAVE_LONG") == "1" ? 870 : 150

    /// What must be the same however often the system was killed.
    private struct State: Equatable {
      var types: [String] = []
      /// Ids of the events of each stream, in the order of revisions.
      var streams: [String: [String]] = [:]
      /// Bodies of the answers, by id.
      var posts: [String: String] = [:]

      init(of system: Served) async throws {
        let log = try await system.json("/v1/admin/log")
        types = (log["types"]?.items ?? []).map(\.serialized).sorted()
        let events = try await system.events()
        let positions = events.compactMap { $0["position"]?.integer }
        #expect(positions == Array(1...(log["head"]?.integer ?? 1)))
        for event in events {
          let ids = streams[event["stream"]?.text ?? ""]?.count ?? 0
          #expect(event["revision"]?.integer == Int64(ids))
          streams[event["stream"]?.text ?? "", default: []].append(event["id"]?.text ?? "")
        }
        #expect(Set(streams.values.joined()).count == events.count, "an event is there twice")
        for post in try await system.walk() {
          let id = post["id"]?.text ?? ""
          posts[id] = try await system.send("GET", "/v1/posts/" + id).text
        }
      }
    }

    @Test(.timeLimit(.minutes(20)), arguments: [7])
    func twentyKillsEndWhereNoneEnds(seed: UInt64) async throws {
      print("kills of an import: seed \(seed), \(Self.revisions) of 870 revisions")
      let scratch = try Scratch()
      let file = scratch.path + "/revisions.ndjson"
      try SharedBlog.firstRevisions(Self.revisions, to: file)
      let calm = try await Served(in: scratch, data: scratch.path + "/calm")
      #expect(try await calm.importBlog(file).code == 0)
      let total = try await calm.head()
      let wanted = try await State(of: calm)
      #expect(try await calm.stop() == 0)

      var random = SplitMix(seed: seed)
      let system = try await Served(in: scratch, data: scratch.path + "/killed")
      var interrupted = 0
      var importer = try system.startImport(file)
      for round in 0..<Self.kills {
        // Spread over the whole import, each at a moment of its own within its share.
        let before = try await system.head()
        let target = max(total * Int64(round) / Int64(Self.kills), before + 1)
        try await eventually("the import gets to event \(target)", within: .seconds(120)) {
          if importer.poll() != nil { return () }
          return try await system.head() >= target ? () : nil
        }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...120, using: &random)))
        try await system.crash()
        if importer.poll() == nil { interrupted += 1 }
        // Three times of four the import dies, too; else it goes on by itself.
        if importer.poll() != nil || round % 4 != 3 {
          try await importer.crash()
          try await system.restart()
          importer = try system.startImport(file)
        } else {
          try await system.restart()
        }
      }
      _ = try await importer.end()
      print("\(interrupted) of \(Self.kills) kills met a running import; \(total) events")
      #expect(interrupted >= Self.kills / 2, "only \(interrupted) kills met a running import")
      let last = try await system.importBlog(file)
      #expect(last.code == 0, "\(last.complaints)")
      let state = try await State(of: system)
      #expect(state.types == wanted.types)
      #expect(state.streams == wanted.streams)
      #expect(state.posts.keys.sorted() == wanted.posts.keys.sorted())
      for (id, post) in wanted.posts { #expect(state.posts[id] == post) }
      try await system.expectSound()
      #expect(try await system.stop() == 0)
    }
  }
}
