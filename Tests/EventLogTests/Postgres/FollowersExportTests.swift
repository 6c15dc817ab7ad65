import EventLogCore
import EventLogInMemory
import EventLogPostgres
import Testing

/// Exports by a process that does not lead.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct FollowersExportTests {
  /// Pages show events as removed as of their own statement, which may be ahead of the head that was
  /// published here.
  @Test func L47_aRemovalThatNobodyAnnouncedIsInTheExport() async throws {
    try await PostgresTest.withSchema { test in
      // More than a page: the first is read before the removal, the second behind it.
      let count = EventLogLimits.pageEvents + 10
      let leader = try await test.open("a:1")
      let events = (0..<count).map { _ in NewEvent(type: "T", data: [1]) }
      _ = try await leader.append(AppendRequest(to: "s", events))
      _ = try await leader.append(.tombstoning("s"))
      await leader.close()
      // The removal is put aside, and another leads, who announces nothing.
      try test.run(
        "CREATE TABLE kept_event AS SELECT * FROM event WHERE position > \(count)",
        "CREATE TABLE kept_removal AS TABLE stream_removal",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DELETE FROM event WHERE position > \(count)",
        "DELETE FROM stream_removal",
        """
        UPDATE log_head SET head = \(count), leader_epoch = leader_epoch + 1, holder = 'b',
          address = 'b:1', lease_until = clock_timestamp() + interval '1 hour'
        """
      )
      let follower = try await test.open("c:1", lease: .seconds(60), poll: .seconds(60))
      var export: [UInt8] = []
      var chunks = LogExport(of: follower).makeAsyncIterator()
      // The header and the first page.
      for _ in 0..<2 {
        let chunk = try await chunks.next()
        export += try #require(chunk)
      }
      try test.run(
        "INSERT INTO event TABLE kept_event",
        "INSERT INTO stream_removal TABLE kept_removal",
        "UPDATE log_head SET head = \(count + 1)"
      )
      while let chunk = try await chunks.next() { export += chunk }
      // Whoever reads on finds the removal as well.
      let head = try await follower.head()
      #expect(head == GlobalPosition(UInt64(count + 1)))
      await follower.close()
      let copy = InMemoryEventLog()
      var importing = LogImport(into: copy)
      try await importing.feed(export)
      try importing.finish()
      #expect(importing.count == head.number)
      await #expect(throws: EventLogError.streamTombstoned("s")) {
        try await copy.read("s", from: .first, direction: .forward, limit: 1)
      }
      await copy.close()
    }
  }
}
