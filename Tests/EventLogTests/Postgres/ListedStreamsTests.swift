import EventLogCore
import EventLogPostgres
import Testing

@Suite(.enabled(if: Server.postgres.isAvailable))
struct ListedStreamsTests {
  @Test func streamsAreListedByTheirBytesPageByPage() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      let names = ["a", "a-1", "a-2", "a-é", "a.", "b", "z"]
      for name in names.shuffled() { _ = try await log.append(.marked(1, to: name)) }
      _ = try await log.append(.tombstoning("b"))
      let all = try await log.streams(limit: 100).map(\.name.text)
      let ordered = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      #expect(all == ["$$b"] + ordered)
      var paged: [String] = []
      var after: StreamName?
      while true {
        let page = try await log.streams(prefix: "a", after: after, limit: 2)
        paged += page.map(\.name.text)
        after = page.last?.name
        if page.count < 2 { break }
      }
      #expect(paged == ordered.filter { $0.hasPrefix("a") })
      let gone = try await log.streams(prefix: "b", limit: 1)
      #expect(gone.map(\.state) == [.tombstoned])
      #expect(try await log.streams(prefix: "nobody", limit: 9).isEmpty)
      await log.close()
    }
  }
}
