import EventLogCore
import PostgresDriver
import Synchronization
import Testing
import WeaveRuntime

@testable import EventLogPostgres

/// Every table is damaged once in each way, and the finding names it.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct LogVerificationTests {
  static let damages: [(sql: String, finding: String)] = [
    ("UPDATE event SET envelope = set_byte(envelope, 60, 255) WHERE position = 3", "checksum"),
    ("UPDATE event SET type = 'x' WHERE position = 3", "columns disagree"),
    ("UPDATE event SET id = gen_random_uuid() WHERE position = 3", "columns disagree"),
    ("UPDATE event SET stream = 'x' WHERE position = 3", "columns disagree"),
    ("UPDATE event SET revision = 77 WHERE position = 3", "columns disagree"),
    ("DELETE FROM event WHERE position = 3", "not contiguous"),
    ("DELETE FROM event WHERE position = 11", "there is no event"),
    (
      "INSERT INTO event SELECT 99, NULL, NULL, gen_random_uuid(), type, envelope FROM event"
        + " WHERE position = 1",
      "outside the log's positions"
    ),
    ("DELETE FROM event_tag WHERE position = 3", "index of tags disagrees"),
    ("INSERT INTO event_tag VALUES ('more', 3)", "index of tags holds"),
    ("UPDATE event SET id = gen_random_uuid() WHERE position = 11", "columns disagree"),
    ("UPDATE event SET id = NULL WHERE position = 11", "columns disagree"),
    (
      "UPDATE stream_removal SET touched_at = 9 WHERE name = 's'", "'s' disagrees with its removals"
    ),
    ("UPDATE stream_removal SET first = 0 WHERE name = 's'", "'s' disagrees with its removals"),
    ("UPDATE stream_removal SET first = 9 WHERE name = 't'", "'t' disagrees with its removals"),
    (
      "UPDATE stream_removal SET tombstoned = false WHERE name = 'u'",
      "'u' disagrees with its removals"
    ),
    ("DELETE FROM stream_removal WHERE name = 's'", "rows of 1 removals are missing"),
    ("INSERT INTO stream_removal VALUES ('ghost', 1, false, 1)", "stream 'ghost'"),
    ("UPDATE tracking SET position = 9", "mark of source 'origin'"),
    ("DELETE FROM tracking", "mark of a source"),
    ("INSERT INTO tracking VALUES ('ghost', 1)", "mark of source 'ghost'"),
    ("UPDATE log_head SET streams = 99", "count of streams"),
    ("UPDATE log_head SET last_recorded_at = last_recorded_at + 1", "time of the log's head"),
    ("UPDATE log_head SET head = head + 1", "there is no event"),
  ]

  private static func fill(_ log: PostgresEventLog) async throws {
    for number in 0..<5 {
      let event = NewEvent(type: "T", data: [UInt8(number)], tags: ["a", "b", "a"])
      _ = try await log.append(AppendRequest(to: "s", [event]))
    }
    _ = try await log.append(
      AppendRequest(
        to: "t",
        [NewEvent(type: "U"), NewEvent(type: "U")],
        tracking: Tracking(source: "origin", position: 7)
      )
    )
    _ = try await log.append(.truncating("s", before: StreamRevision(2)))
    _ = try await log.append(.truncating("t", before: StreamRevision(99)))
    _ = try await log.append(.tombstoning("u"))
    _ = try await log.append(AppendRequest(to: "t", [NewEvent(id: .make(), type: "U")]))
  }

  /// One schema for all: each damage is undone by its transaction's end.
  @Test func damageIsFoundAndNamed() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      try await Self.fill(log)
      try await log.verify()
      // Copies of the tables, to be put back after each damage.
      let tables = ["event", "event_tag", "stream_removal", "tracking", "log_head"]
      for table in tables {
        try test.run("CREATE TABLE kept_\(table) AS TABLE \(table)")
      }
      await log.close()
      for table in ["event", "event_tag"] {
        try test.run("ALTER TABLE \(table) DISABLE TRIGGER ALL")
      }
      for (sql, finding) in Self.damages {
        // Opened sound: a leader looks at the end of the log itself.
        let log = try await test.open()
        try test.run(sql)
        await #expect("\(sql)") {
          try await log.verify()
        } throws: { error in
          guard case .corrupt = error as? EventLogError else { return false }
          return "\(error)".contains(finding)
        }
        await log.close()
        for table in tables {
          try test.run("DELETE FROM \(table)", "INSERT INTO \(table) TABLE kept_\(table)")
        }
        try test.run("UPDATE log_head SET holder = '', lease_until = to_timestamp(0)")
      }
      let whole = try await test.open()
      try await whole.verify()
      await whole.close()
    }
  }

  /// What a stream was before a chunk is asked for; what was removed from it is followed.
  @Test(arguments: [1, 2, 3, 5, 4096] as [Int64])
  func aLogIsSoundInChunksOfAnySize(rows: Int64) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      try await Self.fill(log)
      _ = try await log.append(.truncating("s", before: .max))
      _ = try await log.append(.marked(1, to: "s"))
      _ = try await log.append(.truncating("s", before: StreamRevision(3)))
      _ = try await log.append(.truncating("never", before: StreamRevision(3)))
      _ = try await log.append(.truncating("t", before: StreamRevision(3)))
      let storage = PostgresStorage(log.pool, known: log.known)
      let head = try await log.head()
      try LogVerification.run(storage, at: head, rowsAtOnce: rows) { _ in }
      await log.close()
    }
  }

  /// Whether the event before is read with it, or was read long before.
  @Test(arguments: [1, 4096] as [Int64]) func aGapInAStreamIsFound(rows: Int64) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      for number in 0..<3 { _ = try await log.append(.marked(number, to: "s")) }
      let event = try #require(try await log.readAll(after: GlobalPosition(2)).events.first)
      var envelope = event.envelope
      envelope.withUnsafeMutableBytes {
        Envelope.stamp(
          $0,
          position: event.position,
          revision: StreamRevision(7),
          recordedAt: event.recordedAt
        )
      }
      let digits = envelope.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      try test.run(
        "ALTER TABLE event DISABLE TRIGGER ALL",
        """
        UPDATE event SET revision = 7, envelope = decode('\(digits)', 'hex') WHERE position = 3
        """
      )
      let storage = PostgresStorage(log.pool, known: log.known)
      #expect {
        try LogVerification.run(storage, at: event.position, rowsAtOnce: rows) { _ in }
      } throws: { error in
        guard case .corrupt(let text, let place) = error as? EventLogError else { return false }
        return text.contains("stream 's' lacks revision") && place == GlobalPosition(3)
      }
      await log.close()
    }
  }

  /// That is for whoever follows the log to say.
  @Test func whatIsLostMeanwhileIsNoDamage() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      for number in 1...3 { _ = try await log.append(.marked(number, to: "s")) }
      let storage = PostgresStorage(log.pool, known: log.known)
      #expect {
        try LogVerification.run(storage, at: GlobalPosition(3), rowsAtOnce: 1) { position in
          guard position == 1 else { return }
          _ = try? test.run(
            "ALTER TABLE event DISABLE TRIGGER ALL",
            "DELETE FROM event WHERE position = 3",
            "UPDATE log_head SET head = 2"
          )
        }
      } throws: { error in
        if case .unavailable = error as? EventLogError { true } else { false }
      }
      await log.close()
    }
  }

  /// Under a view of the data no version of the row of the head is cleared away, and each commit
  /// leaves one.
  @Test func noViewIsHeldWhileEventsAreRead() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open(lease: .seconds(60), poll: .seconds(60))
      // Four fill a page.
      let data = [UInt8](repeating: 7, count: EventLogLimits.dataBytes)
      for _ in 0..<9 {
        _ = try await log.append(AppendRequest(to: "s", [NewEvent(type: "T", data: data)]))
      }
      let found = Mutex<[Int64?]>([])
      try await log.verify { _, _ in
        let rows = try? test.run(
          """
          SELECT count(*) FROM pg_stat_activity
          WHERE application_name = 'wordweave \(test.schema)' AND datname = current_database()
            AND usename = session_user AND state <> 'active' AND backend_xmin IS NOT NULL
          """
        )
        found.withLock { $0.append(rows?.integer(0, 0)) }
      }
      let views = found.withLock { $0 }
      #expect(views.count > 1 && views.allSatisfy { $0 == 0 }, "\(views)")
      await log.close()
    }
  }

  /// A server gives up on what takes longer, however large the log is.
  @Test func eachStatementHasTheTimeOfAChunk() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      for number in 0..<60 {
        let event = NewEvent(type: "T", tags: ["a", Tag("b\(number % 7)")])
        _ = try await log.append(AppendRequest(to: "s", [event]))
      }
      // A row of the index of tags takes 20 ms: all of them more than two seconds, those of a chunk a
      // fifth of one.
      try test.run(
        "ALTER TABLE event_tag RENAME TO kept",
        """
        CREATE FUNCTION slowly(bigint) RETURNS boolean LANGUAGE plpgsql COST 1000000 AS
        $$ BEGIN PERFORM pg_sleep(0.02); RETURN true; END $$
        """,
        "CREATE VIEW event_tag AS SELECT tag, position FROM kept WHERE slowly(position)"
      )
      var settings = log.pool.settings
      settings.statementTimeout = .milliseconds(1500)
      // The view is the login's own.
      settings.parameters["role"] = nil
      let storage = PostgresStorage(PostgresPool(settings, bound: 1), known: log.known)
      let pool = BlockingPool(name: "verify", threads: 1)
      try await pool.run { () throws(EventLogError) in
        try LogVerification.run(storage, at: GlobalPosition(60), rowsAtOnce: 5) { _ in }
      }
      pool.shutdown()
      storage.close()
      await log.close()
    }
  }

  /// Appends that come while it runs are no findings, nor is what they remove.
  @Test func verificationGoesOnBesideAppends() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      for number in 0..<50 { _ = try await log.append(.marked(number, to: "s\(number % 7)")) }
      let writer = Task {
        var number = 50
        while !Task.isCancelled {
          let stream = StreamName("s\(number % 7)")
          _ = try await log.append(.marked(number, to: stream.text))
          if number.isMultiple(of: 3) {
            let revision = StreamRevision(UInt64(number / 14))
            _ = try await log.append(.truncating(stream, before: revision))
          }
          number += 1
        }
      }
      for _ in 0..<5 { try await log.verify() }
      writer.cancel()
      _ = try? await writer.value
      try await log.verify()
      await log.close()
    }
  }

  @Test func aLeaderThatHandsOverIsFollowed() async throws {
    try await PostgresTest.withSchema { test in
      let first = try await test.open("first:1")
      _ = try await first.append(.marked(1, to: "s"))
      let second = try await test.open("second:2", poll: .milliseconds(50))
      await #expect(throws: EventLogError.self) { try await second.handOver() }
      try await first.handOver()
      #expect(!first.isLeading)
      try await until("the other leads") { second.isLeading }
      _ = try await second.append(.marked(2, to: "s"))
      await #expect(throws: EventLogError.self) { try await first.append(.marked(3, to: "s")) }
      try await second.verify()
      await first.close()
      await second.close()
    }
  }
}
