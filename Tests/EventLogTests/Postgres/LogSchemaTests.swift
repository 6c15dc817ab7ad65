import EventLogCore
import EventLogPostgres
import PostgresDriver
import Testing

@Suite(.enabled(if: Server.postgres.isAvailable))
struct LogSchemaTests {
  @Test func migrationsRunOnceWhoeverComesFirst() async throws {
    try await PostgresTest.withSchema { test in
      let logs = try await withThrowingTaskGroup(of: PostgresEventLog.self) { group in
        for _ in 0..<4 { group.addTask { try await test.open() } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      for log in logs { await log.close() }
      let rows = try test.run("SELECT number FROM migration ORDER BY number")
      #expect((0..<4).map { rows?.integer($0, 0) } == [1, 2, 3, 4] && rows?.count == 4)
    }
  }

  @Test func aLogOfTheFirstFormIsBroughtUpToDate() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      let given = NewEvent(id: .make(), type: "T")
      _ = try await log.append(AppendRequest(to: "s", [given]))
      for number in 2...4 { _ = try await log.append(.marked(number, to: "s")) }
      _ = try await log.append(.truncating("s", before: StreamRevision(2)))
      _ = try await log.append(AppendRequest(to: "t", [NewEvent(type: "T")]))
      _ = try await log.append(.tombstoning("never"))
      let listed = try await log.streams(limit: 10)
      let ids = try await log.readAll(
        after: nil,
        matching: .all,
        direction: .forward,
        limit: 100,
        includeRemoved: true
      ).events.map(\.id)
      await log.close()
      for step in Self.olderForm { try test.run(step) }
      let again = try await test.open()
      #expect(try await again.head() == GlobalPosition(7))
      // It is the log that it was.
      #expect(again.identity == log.identity)
      try await again.verify()
      #expect(try await again.streams(limit: 10) == listed)
      for (index, id) in ids.enumerated() {
        #expect(try await again.position(of: id) == GlobalPosition(UInt64(index + 1)))
      }
      let page = try await again.read("s", from: .first, direction: .forward, limit: 100)
      #expect(page.events.map(\.revision) == [StreamRevision(2), StreamRevision(3)])
      #expect(try await again.append(.marked(8, to: "s")).lastPosition == GlobalPosition(8))
      // A repeat, told by the index as it is now.
      let repeated = try await again.append(AppendRequest(to: "s", [given]))
      #expect(repeated.isRepeat && repeated.lastPosition == GlobalPosition(1))
      try await again.verify()
      await again.close()
    }
  }

  /// Makes of the tables what they were in the first form.
  private static let olderForm = [
    "ALTER TABLE log_head DROP COLUMN secret, DROP COLUMN relation",
    "ALTER TABLE event DISABLE TRIGGER ALL",
    "UPDATE event SET id = encode(substr(envelope, 49, 16), 'hex')::uuid WHERE id IS NULL",
    "ALTER TABLE event ENABLE TRIGGER ALL",
    "DROP INDEX event_id",
    "ALTER TABLE event ADD CONSTRAINT event_id UNIQUE (id), ALTER COLUMN id SET NOT NULL",
    "ALTER TABLE stream_removal RENAME TO stream_head",
    "ALTER TABLE stream_head RENAME CONSTRAINT stream_removal_name TO stream_head_name",
    "ALTER TABLE stream_head ADD COLUMN last bigint",
    "CREATE INDEX stream_head_removed ON stream_head (name) INCLUDE (first, tombstoned)",
    """
    INSERT INTO stream_head (name, last, first, tombstoned, touched_at)
    SELECT stream, max(revision), 0, false, max(position) FROM event WHERE stream IS NOT NULL
    GROUP BY stream ON CONFLICT (name) DO UPDATE SET last = excluded.last
    """,
    "DELETE FROM migration WHERE number > 1",
  ]

  /// Its commits would fail on the newer form.
  @Test func tablesAreNotChangedUnderALeaderOfAnOlderForm() async throws {
    try await PostgresTest.withSchema { test in
      let leader = try await test.open("old:1")
      try test.run("DELETE FROM migration WHERE number > 2")
      await #expect {
        _ = try await test.open("new:1")
      } throws: { error in
        guard case .locked(let text) = error as? EventLogError else { return false }
        return text.contains("old:1")
      }
      #expect(try test.run("SELECT max(number) FROM migration")?.integer(0, 0) == 2)
      _ = try await leader.append(.marked(1, to: "s"))
      await leader.close()
    }
  }

  @Test func aNewerFormIsRefused() async throws {
    try await PostgresTest.withSchema { test in
      await (try test.open()).close()
      try test.run("INSERT INTO migration (number) VALUES (9)")
      await #expect {
        _ = try await test.open()
      } throws: { error in
        "\(error)".contains("form 9") && "\(error)".contains("form 4")
      }
    }
  }

  /// Whoever mistypes a name is not to be told of a sound and empty log.
  @Test func whoOnlyReadsMakesNoLog() async throws {
    try await PostgresTest.withSchema { test in
      await #expect {
        _ = try await test.open(standby: .reads)
      } throws: { error in
        guard case .unavailable(let text) = error as? EventLogError else { return false }
        return text.contains("there is no log in schema \(test.schema);")
      }
      let rows = try test.run("SELECT to_regnamespace('\(test.schema)') IS NULL")
      #expect(rows?.bool(0, 0) == true)
    }
  }

  @Test func whoOnlyReadsBringsNothingUpToDate() async throws {
    try await PostgresTest.withSchema { test in
      await (try test.open()).close()
      try test.run("DELETE FROM migration WHERE number > 2")
      await #expect {
        _ = try await test.open(standby: .reads)
      } throws: { error in
        guard case .unavailable(let text) = error as? EventLogError else { return false }
        return text.contains("form 2") && text.contains("'wordweave serve' of this version first")
      }
      let rows = try test.run("SELECT max(number) FROM migration")
      #expect(rows?.integer(0, 0) == 2)
      try test.run("INSERT INTO migration (number) VALUES (9)")
      await #expect {
        _ = try await test.open(standby: .reads)
      } throws: { error in
        "\(error)".contains("form 9") && "\(error)".contains("form 4")
      }
    }
  }

  @Test(arguments: ["Upper", "with space", "quote\"", "", "pg_own", "ä"])
  func aSchemaHasAPlainName(name: String) async throws {
    let url = try #require(Server.postgres.url)
    await #expect {
      _ = try await PostgresEventLog.open(url: url, schema: name)
    } throws: { error in
      if case .invalid = error as? EventLogError { true } else { false }
    }
  }

  @Test(arguments: [
    "UPDATE event SET type = 'x'", "DELETE FROM event", "TRUNCATE event",
    "UPDATE event_tag SET tag = 'x'", "DELETE FROM event_tag", "DELETE FROM stream_removal",
    "DELETE FROM log_head", "DROP TABLE event", "DELETE FROM tracking",
  ])
  func theRoleOfTheLogRewritesNothing(sql: String) async throws {
    try await PostgresTest.withSchema { test in
      await (try test.open()).close()
      let session = try test.session()
      defer { session.close() }
      try session.run(PostgresTest.statement("SET ROLE wordweave_log"))
      #expect(throws: PostgresError.self) { try session.run(PostgresTest.statement(sql)) }
      do throws(PostgresError) {
        try session.run(PostgresTest.statement(sql))
      } catch {
        #expect(error.sqlState == "42501")
      }
    }
  }

  /// Not even the owner, by mistake.
  @Test(arguments: ["UPDATE event SET type = 'x'", "DELETE FROM event", "TRUNCATE event"])
  func theOwnerRewritesNothingByMistake(sql: String) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      _ = try await log.append(.marked(1, to: "s"))
      #expect(throws: PostgresError.self) { try test.run(sql) }
      try await log.verify()
      await log.close()
    }
  }

  @Test func theEngineWorksWithTheRightsOfTheRole() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      _ = try await log.append(.marked(1, to: "s"))
      try test.run("REVOKE SELECT ON event FROM wordweave_log")
      await #expect(throws: EventLogError.self) { try await log.readAll(after: nil) }
      await log.close()
    }
  }

  @Test func statisticsCount() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open("here:1")
      for number in 0..<6 { _ = try await log.append(.marked(number, to: "s\(number % 2)")) }
      _ = try await log.append(.tombstoning("s0"))
      let statistics = try await log.statistics()
      // The control stream of the tombstone is the third.
      #expect(statistics.events == 7 && statistics.streams == 3)
      #expect(statistics.streamsWithRemovals == 1 && statistics.leader == "here:1")
      #expect(statistics.bytesOnDisk > 0)
      await log.close()
    }
  }
}
