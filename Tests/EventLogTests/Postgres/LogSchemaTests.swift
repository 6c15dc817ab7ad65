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
      #expect(rows?.count == 2 && rows?.integer(0, 0) == 1 && rows?.integer(1, 0) == 2)
    }
  }

  @Test func aLogOfTheFirstFormIsBroughtUpToDate() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      let written = try await log.append(.marked(1, to: "s"))
      await log.close()
      try test.run(
        "ALTER TABLE log_head DROP COLUMN secret",
        "DELETE FROM migration WHERE number = 2"
      )
      let again = try await test.open()
      #expect(try await again.head() == written.lastPosition)
      #expect(try await again.append(.marked(2, to: "s")).lastPosition == GlobalPosition(2))
      await again.close()
    }
  }

  @Test func aNewerFormIsRefused() async throws {
    try await PostgresTest.withSchema { test in
      await (try test.open()).close()
      try test.run("INSERT INTO migration (number) VALUES (9)")
      await #expect {
        _ = try await test.open()
      } throws: { error in
        "\(error)".contains("form 9") && "\(error)".contains("form 2")
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
    "UPDATE event_tag SET tag = 'x'", "DELETE FROM event_tag", "DELETE FROM stream_head",
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
