import EventLogCore
import EventLogPostgres
import PostgresDriver
import Testing

extension PostgresTest {
  /// The tables lose what came behind the head that was kept, as on a disk that lies or a volume that
  /// is rolled back; a failover to a copy that lagged shows in the timeline as well.
  fileprivate func goBack(isFailover: Bool = false) throws {
    try run(
      "ALTER TABLE event DISABLE TRIGGER ALL",
      "ALTER TABLE event_tag DISABLE TRIGGER ALL",
      "DELETE FROM event_tag WHERE position > (SELECT head FROM kept_head)",
      "DELETE FROM event WHERE position > (SELECT head FROM kept_head)",
      """
      UPDATE log_head l SET head = k.head, last_recorded_at = k.last_recorded_at,
        timeline = l.timeline - \(isFailover ? 1 : 0)
      FROM kept_head k
      """
    )
  }
}

/// The database loses commits that it had said to be durable, under processes that read them.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct LostCommitsTests {
  /// Opens a log that has three events, of which `goBack` loses the last.
  private static func open(
    _ test: PostgresTest,
    lease: Duration = .seconds(10)
  ) async throws -> PostgresEventLog {
    let log = try await test.open("a:1", lease: lease, poll: .milliseconds(50))
    for number in 1...2 { _ = try await log.append(.marked(number, to: "s")) }
    try test.run("CREATE TABLE kept_head AS TABLE log_head")
    _ = try await log.append(.marked(3, to: "s"))
    return log
  }

  private static let lost = EventLogError.logEpochChanged(head: GlobalPosition(2))

  /// Waits until a process says that it has read what is lost.
  private static func isTold(_ log: PostgresEventLog) async throws {
    try await until("it is told") {
      do throws(EventLogError) {
        _ = try await log.head()
        return false
      } catch {
        return error == lost
      }
    }
  }

  /// Appends until the log says that it lost what this process read; nothing is written meanwhile.
  private static func isToldWhenItAppends(_ log: PostgresEventLog) async throws {
    try await until("it is told when it appends") {
      do throws(EventLogError) {
        let position = try await log.append(.marked(0, to: "s")).lastPosition
        Issue.record("it wrote at \(position)")
        return true
      } catch {
        return error == lost
      }
    }
  }

  /// The position of the lost event goes to another one, in an epoch of its own.
  private static func goesOn(_ log: PostgresEventLog) async throws {
    try await until("another leads") { log.isLeading }
    #expect(log.identity.epochNumber == 2 && log.identity.epochEnds == [GlobalPosition(2)])
    #expect(try await log.append(.marked(4, to: "s")).lastPosition == GlobalPosition(3))
    let old = LogCheckpoint(log: log.identity.id, epoch: 1, position: GlobalPosition(3))
    #expect(throws: EventLogError.logEpochChanged(head: GlobalPosition(3))) {
      try old.check(against: log.identity, head: GlobalPosition(3))
    }
    try await log.verify()
  }

  @Test func aHeadThatWentBackStartsAnEpoch() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await Self.open(test)
      try test.goBack()
      // It has read nothing of what is lost.
      let other = try await test.open("b:1", poll: .milliseconds(50))
      #expect(!other.isLeading)
      try await Self.isToldWhenItAppends(log)
      await #expect(throws: Self.lost) { try await log.readAll(after: nil) }
      await #expect(throws: Self.lost) { try await log.position(of: .make()) }
      await #expect(throws: Self.lost) { try await log.tracking(of: "origin") }
      try await Self.goesOn(other)
      #expect(!log.isLeading)
      await log.close()
      await other.close()
    }
  }

  @Test func aLeaderThatWritesNothingNoticesWhenItRenews() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await Self.open(test, lease: .seconds(1))
      try test.goBack()
      try await Self.isTold(log)
      let other = try await test.open("b:1", poll: .milliseconds(50))
      try await Self.goesOn(other)
      await log.close()
      await other.close()
    }
  }

  /// It is told that it has read what is lost; to say so in the tables is for those who may lead.
  @Test func whoOnlyReadsIsToldAndChangesNothing() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await Self.open(test)
      let reader = try await test.open(standby: .reads, poll: .milliseconds(50))
      let head = try await reader.head()
      #expect(head == GlobalPosition(3))
      await log.close()
      try test.goBack()
      try await Self.isTold(reader)
      let rows = try test.run("SELECT log_epoch, holder FROM log_head")
      #expect(rows?.integer(0, 0) == 1 && rows?.text(0, 1) == "")
      await reader.close()
    }
  }

  /// Later the head may have outgrown what was read, and nobody would notice.
  @Test func whoReadWhatIsLostSaysSoWhoeverLeads() async throws {
    try await PostgresTest.withSchema { test in
      let leader = try await Self.open(test, lease: .seconds(60))
      let reader = try await test.open("b:1", lease: .seconds(60), poll: .milliseconds(50))
      #expect(try await reader.head() == GlobalPosition(3))
      try test.goBack()
      try await Self.isTold(reader)
      // By the notification: it renews in 18 seconds.
      try await Self.isTold(leader)
      let other = try await test.open("c:1", poll: .milliseconds(50))
      try await Self.goesOn(other)
      await leader.close()
      await reader.close()
      await other.close()
    }
  }

  @Test(.timeLimit(.minutes(1))) func whoWaitsForTheHeadIsToldToo() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await Self.open(test, lease: .seconds(1))
      let wait = Task { try await log.head(beyond: GlobalPosition(3)) }
      try test.goBack()
      await #expect(throws: Self.lost) { try await wait.value }
      await log.close()
    }
  }

  @Test func aLossyFailoverLeavesTheLeadToWhoReadNothingOfIt() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await Self.open(test)
      try test.goBack(isFailover: true)
      try await Self.isToldWhenItAppends(log)
      let other = try await test.open("b:1", poll: .milliseconds(50))
      try await Self.goesOn(other)
      // The lease is not taken or renewed by who can only refuse.
      #expect(try test.run("SELECT address FROM log_head")?.text(0, 0) == "b:1")
      await log.close()
      await other.close()
    }
  }

  @Test func aFailoverThatLosesNothingStartsAnEpochUnderItsLeader() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await Self.open(test, lease: .seconds(1))
      try test.run("UPDATE log_head SET timeline = timeline - 1")
      try await until("it notices when it renews") { log.identity.epochNumber == 2 }
      try await until("it leads") { log.isLeading }
      #expect(log.identity.epochEnds == [GlobalPosition(3)])
      #expect(try await log.append(.marked(4, to: "s")).lastPosition == GlobalPosition(4))
      await log.close()
    }
  }
}
