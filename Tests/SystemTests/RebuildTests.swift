import Gateway
import HTTPClientDriver
import Synchronization
import Testing

@testable import WordWeave

extension WholeSystem.RealBlogTests {
  private static let projection = "/v1/admin/projections/posts/posts"

  /// A post that was edited, and readers that look at it and at everything else without a pause.
  private final class Reading: Sendable {
    let system: Served
    let post: String
    let slug: String
    /// The revision that every read shows at least.
    let revision: Mutex<Int64>
    let reads = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
    let published: Int

    init(_ system: Served, _ author: Person, _ title: String) async throws {
      self.system = system
      post = try await author.draft(title, body: "First.")
      _ = try await author.send("POST", "/v1/posts/\(post)/publish", "")
      let edited = try await author.send(
        "PATCH",
        "/v1/posts/\(post)",
        #"{"body":"Second."}"#,
        [("If-Match", "*")]
      )
      #expect(edited.status == 200)
      let republished = try await author.send("POST", "/v1/posts/\(post)/publish", "")
      let json = try republished.json()
      slug = try #require(json["slug"]?.text)
      revision = Mutex(try #require(json["revision"]?.integer))
      // From here on nobody may see less, whatever is rebuilt.
      let floor = try #require(republished.head["WordWeave-Position"])
      let seen = try await system.send(
        "GET",
        "/v1/posts/\(post)",
        nil,
        [("WordWeave-Min-Position", floor)]
      )
      #expect(seen.status == 200)
      published = try await system.walk(limit: 100).count
    }

    /// Reads until told to stop; what it finds wrong is an issue of the test.
    func run(client: Int) async {
      var position: Int64 = 0
      func check(_ response: HTTPResponse, _ path: String) {
        #expect(response.status == 200, "\(path): \(response.text)")
        let now = response.position ?? 0
        #expect(now >= position, "\(path) went back from \(position) to \(now)")
        position = max(position, now)
        reads.add(1, ordering: .relaxed)
      }
      do {
        while !isOver.load(ordering: .relaxed) {
          let wanted = revision.withLock { $0 }
          for path in ["/v1/posts/\(post)", "/v1/posts/by-slug/\(slug)"] {
            let response = try await system.send("GET", path)
            check(response, path)
            let json = try response.json()
            #expect((json["revision"]?.integer ?? -1) >= wanted, "\(path) is stale")
            #expect(json["body"]?.text != "First.", "\(path) is stale")
          }
          var ids: Set<String> = []
          var cursor = ""
          repeat {
            let path = "/v1/posts?limit=\(20 + client)" + cursor
            let response = try await system.send("GET", path)
            check(response, path)
            let page = try response.json()
            for item in page["items"]?.items ?? [] {
              let isNew = ids.insert(item["id"]?.text ?? "").inserted
              #expect(isNew, "a walk shows a post twice")
            }
            cursor = page["next"]?.text.map { "&cursor=" + Query.encoded($0) } ?? ""
          } while !cursor.isEmpty
          #expect(ids.count == published, "a walk misses posts")
        }
      } catch {
        Issue.record("a read failed: \(error)")
      }
    }

    /// Lets four clients read while `body` works.
    func during(_ body: () async throws -> Void) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for client in 0..<4 { group.addTask { await self.run(client: client) } }
        defer { isOver.store(true, ordering: .relaxed) }
        try await body()
      }
    }

    /// Waits until everybody read a good deal more.
    func more() async throws {
      let start = reads.load(ordering: .relaxed)
      try await eventually("reads go on") {
        self.reads.load(ordering: .relaxed) >= start + 40 ? () : nil
      }
    }
  }

  @Test func aRebuildUnderConstantReadsIsSeenByNobody() async throws {
    let system = try #require(ImportedBlog.current).system
    let author = try await Person("rebuilding", at: system)
    let reading = try await Reading(system, author, "Rebuilt under readers")
    let before = try #require(try await system.json(Self.projection)["generation"]?.integer)
    try await reading.during {
      try await reading.more()
      var phases: [String] = []
      var last = JSONValue.null
      let readsBefore = reading.reads.load(ordering: .relaxed)
      var lines = try await system.lines(Self.projection + "/rebuilds").lines()
      while let line = try await lines.next() {
        last = try JSONValue(parsing: line)
        if let phase = last["phase"]?.text, phases.last != phase { phases.append(phase) }
        // A change in the middle is in what takes over, too.
        if phases == ["filling"] {
          let edited = try await author.send(
            "PATCH",
            "/v1/posts/\(reading.post)",
            #"{"summary":"Written meanwhile."}"#,
            [("If-Match", "*")]
          )
          #expect(edited.status == 200)
          phases.append("edited")
        }
      }
      #expect(reading.reads.load(ordering: .relaxed) > readsBefore)
      #expect(phases.contains("filling"), "\(phases)")
      #expect(phases.last == "cutOver", "\(last.serialized)")
      #expect(last["finished"]?.flag == true)
      let live = try #require(last["liveDigest"]?.text)
      #expect(!live.isEmpty && live == last["freshDigest"]?.text)
      let after = try await system.json(Self.projection)
      #expect((after["generation"]?.integer ?? 0) > before)
      #expect(after["previousGeneration"]?.integer == before)
      try await reading.more()

      // Published once more, so that what was written meanwhile shows at the public address.
      let published = try await author.send("POST", "/v1/posts/\(reading.post)/publish", "")
      let floor = try #require(published.head["WordWeave-Position"])
      let read = try await author.send(
        "GET",
        "/v1/posts/\(reading.post)",
        nil,
        [("WordWeave-Min-Position", floor)]
      )
      #expect(try read.json()["summary"]?.text == "Written meanwhile.")
      let revision = try #require(try read.json()["revision"]?.integer)
      reading.revision.withLock { $0 = revision }

      let back = try await wordweave(
        "projections",
        "rollback",
        "posts/posts",
        "--data",
        system.data,
        "--json",
        in: system.scratch
      )
      #expect(back.code == 0, "\(back.complaints)")
      #expect(try back.json()["generation"]?.integer == before)
      try await reading.more()
    }
    try await system.expectSound()
  }

  @Test func aKillInTheMiddleOfARebuildIsGoneOnWith() async throws {
    let system = try #require(ImportedBlog.current).system
    for projection in ["posts/posts", "posts/history"] {
      let path = "/v1/admin/projections/" + projection
      let before = try #require(try await system.json(path)["generation"]?.integer)
      let stream = try await system.lines(path + "/rebuilds?cutOver=false")
      var lines = stream.lines()
      let first = try JSONValue(parsing: try #require(try await lines.next()))
      #expect(first["phase"]?.text == "filling", "\(first.serialized)")
      try await system.crash()
      try await system.restart()
      let resumed = try await system.json(path)
      #expect(resumed["generation"]?.integer == before)
      #expect(resumed["state"]?.text == "rebuilding", "\(resumed.serialized)")
      let ended = try await wordweave(
        "projections",
        "rebuild",
        projection,
        "--data",
        system.data,
        "--json",
        in: system.scratch
      )
      #expect(ended.code == 0, "\(ended.complaints)")
      let last = try ended.json()
      #expect(last["phase"]?.text == "cutOver", "\(last.serialized)")
      #expect(last["liveDigest"]?.text == last["freshDigest"]?.text)
      let after = try await system.json(path)
      #expect((after["generation"]?.integer ?? 0) > before)
    }
    try await system.expectSound()
  }
}
