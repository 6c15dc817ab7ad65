import EventLogCore
import PostgresDriver
import Testing

@testable import EventLogPostgres

/// The rows of a commit go in while the one before is written.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct CommitLaneTests {
  private static let many = 5 * CommitWriter.laneEvents

  private static func append(_ count: Int, to log: PostgresEventLog) -> [Task<
    GlobalPosition, any Error
  >] {
    (0..<count).map { number in
      Task { try await log.append(.marked(number, to: "s\(number % 5)")).lastPosition }
    }
  }

  /// A session that has written events of this log and is in this state.
  private static func session(_ state: String, of test: PostgresTest) throws -> Int64? {
    let rows = try test.run(
      """
      SELECT pid FROM pg_stat_activity a WHERE \(state) AND EXISTS (
        SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.relation = 'event'::regclass
      )
      """
    )
    return rows.flatMap { $0.count > 0 ? $0.integer(0, 0) : nil }
  }

  /// Runs `body` while a commit waits for the row of the head and the next one's rows are in.
  private static func withHeldCommit(
    _ body: (PostgresTest, PostgresEventLog, _ lane: Int64) async throws -> Void
  ) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      _ = try await log.append(.marked(0, to: "first"))
      let holder = try test.session()
      try holder.run(PostgresStatement.begin())
      try holder.run(PostgresTest.statement("SELECT head FROM log_head FOR UPDATE"))
      let first = Self.append(1, to: log)
      try await until("a commit waits for the head") {
        try session("wait_event_type = 'Lock'", of: test) != nil
      }
      let others = Self.append(many, to: log)
      var lane: Int64?
      try await until("rows of the next commit are in") {
        lane = try session("state = 'idle in transaction'", of: test)
        return lane != nil
      }
      try await body(test, log, try #require(lane))
      try holder.run(PostgresStatement.rollback())
      holder.close()
      var positions: Set<GlobalPosition> = []
      for append in first + others { positions.insert(try await append.value) }
      #expect(positions.count == many + 1)
      #expect(try await log.head() == GlobalPosition(UInt64(many + 2)))
      try await log.verify()
      await log.close()
    }
  }

  @Test(.timeLimit(.minutes(1))) func rowsGoInWhileTheCommitBeforeIsWritten() async throws {
    try await Self.withHeldCommit { test, log, _ async throws in
      // Nobody sees them before their own commit.
      #expect(try test.run("SELECT count(*) FROM event")?.integer(0, 0) == 1)
      #expect(try await log.head() == GlobalPosition(1))
    }
  }

  @Test(.timeLimit(.minutes(1))) func aLaneThatIsLostIsFilledAnew() async throws {
    try await Self.withHeldCommit { test, _, lane async throws in
      try test.run("SELECT pg_terminate_backend(\(lane))")
    }
  }

  @Test(.timeLimit(.minutes(1))) func aLeaderThatIsReplacedLeavesNoRows() async throws {
    try await PostgresTest.withSchema { test in
      let old = try await test.open()
      _ = try await old.append(.marked(0, to: "first"))
      // Another leads: as after a pause, this one does not know yet.
      try test.run("UPDATE log_head SET leader_epoch = leader_epoch + 1, holder = 'another'")
      for append in Self.append(Self.many, to: old) {
        await #expect(throws: EventLogError.self) { try await append.value }
      }
      #expect(try test.run("SELECT count(*) FROM event")?.integer(0, 0) == 1)
      await old.close()
    }
  }

  /// Its rows meet those of the next leader before its fence does.
  @Test(.timeLimit(.minutes(1))) func aLeaderThatWasOvertakenIsTold() async throws {
    try await PostgresTest.withSchema { test in
      let old = try await test.open()
      _ = try await old.append(.marked(0, to: "first"))
      try test.run(
        """
        INSERT INTO event SELECT 2, NULL, NULL, gen_random_uuid(), type, envelope FROM event
        """,
        "UPDATE log_head SET leader_epoch = leader_epoch + 1, holder = 'another', head = 2"
      )
      await #expect {
        _ = try await old.append(.marked(1, to: "s"))
      } throws: { error in
        if case .notLeader = error as? EventLogError { true } else { false }
      }
      await old.close()
    }
  }
}
