import EventLogCore
import Logging
import PostgresDriver
import Testing
import WeaveRuntime

@testable import EventLogPostgres

/// What one term tells of a commit whose connection was lost, when the tables changed meanwhile.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct CommitWriterTests {
  /// A term, with a batch of two requests that are the log's second and third event.
  private struct Term {
    let test: PostgresTest
    let writer: CommitWriter
    let batch: CommitBatch
    let ids: [EventID]

    /// Writes the batch on a thread of its own; nil if that succeeds.
    func write() async -> EventLogError? {
      let pool = BlockingPool(name: "write", threads: 1)
      defer { pool.shutdown() }
      do throws(EventLogError) {
        try await pool.run { () throws(EventLogError) in try writer.write(batch) }
        return nil
      } catch {
        return error
      }
    }
  }

  /// Lends a term over a log of one event.
  private static func with(
    patience: Duration = CommitWriter.patience,
    _ body: (Term) async throws -> Void
  ) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open("first:1")
      _ = try await log.append(.marked(0, to: "s"))
      await log.close()
      try test.run(
        "UPDATE log_head SET leader_epoch = leader_epoch + 1, holder = 'mine', secret = 'mine'"
      )
      let session = try test.session()
      let head = try LogHead(try session.run(LogHeadStatements.look(.int8(0))))
      session.close()
      var settings = PostgresSettings(url: test.url, applicationName: "wordweave " + test.schema)
      settings.parameters = SessionParameters.common(schema: test.schema, role: nil)
      settings.parameters.merge(SessionParameters.writer) { $1 }
      let known = KnownHead(head.identity, head: head.head)
      let storage = PostgresStorage(PostgresPool(settings, bound: 1), known: known)
      let writer = CommitWriter(
        head,
        storage: storage,
        settings: settings,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        patience: patience,
        published: { _ in },
        ended: {}
      )
      var planner = CommitPlanner(head: head.head, lastRecordedAt: head.lastRecordedAt)
      var batch = CommitBatch()
      let ids = (0..<2).map { _ in EventID.make() }
      for id in ids {
        let request = AppendRequest(to: nil, [NewEvent(id: id, type: "Marked")])
        let outcome = planner.plan(
          PreparedRequest(request),
          facts: ColdFacts(head: head.head),
          at: .now,
          into: &batch
        )
        guard case .accepted = outcome else {
          Issue.record("\(outcome)")
          continue
        }
      }
      try await body(Term(test: test, writer: writer, batch: batch, ids: ids))
      writer.close()
      storage.close()
    }
  }

  /// A trigger that ends its session: the first time only, after a while; or always.
  private static func breakOff(_ test: PostgresTest, always: Bool) throws {
    try test.run(
      "CREATE SEQUENCE faults",
      "GRANT USAGE ON SEQUENCE faults TO PUBLIC",
      """
      CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      DECLARE
        number bigint := nextval('faults');
      BEGIN
        IF number = 1 OR \(always) THEN
          PERFORM pg_sleep(\(always ? 0 : 2));
          PERFORM pg_terminate_backend(pg_backend_pid());
        END IF;
        RETURN NULL;
      END $$
      """,
      // Before any row is there, and so before the head is locked.
      """
      CREATE TRIGGER vanish BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION vanish()
      """
    )
  }

  /// Another leads and has written the batch's first events, as it may when they are sent again.
  private static func overtake(_ term: Term, with ids: [EventID]) throws {
    for (index, id) in ids.enumerated() {
      try term.test.run(
        """
        INSERT INTO event
        SELECT \(index + 2), NULL, NULL, '\(id)', type,
          overlay(envelope placing uuid_send('\(id)') from \(Envelope.Offset.id + 1))
        FROM event WHERE position = 1
        """
      )
    }
    try term.test.run(
      """
      UPDATE log_head SET leader_epoch = leader_epoch + 1, holder = 'another',
        head = \(ids.count + 1)
      """
    )
  }

  /// Waits until a commit has met the trigger that `breakOff` made.
  private static func isUnderWay(_ term: Term) async throws {
    try await until("the commit is under way") {
      try term.test.run(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'wordweave \(term.test.schema)' AND wait_event = 'PgSleep'
        """
      )?.integer(0, 0) == 1
    }
  }

  /// The outcome of a commit that is lost while another takes over and writes these of its events.
  private static func outcome(_ written: Int) async throws -> EventLogError?? {
    var outcome: EventLogError??
    try await with { term in
      try breakOff(term.test, always: false)
      async let writing = term.write()
      try await isUnderWay(term)
      try overtake(term, with: Array(term.ids.prefix(written)))
      outcome = .some(await writing)
    }
    return outcome
  }

  @Test(.timeLimit(.minutes(1))) func aBatchOfWhichAnotherWroteTheFirstIsNotWritten() async throws {
    #expect(try await Self.outcome(1) == .notLeader(address: nil))
  }

  @Test(.timeLimit(.minutes(1))) func aBatchThatIsAllThereIsWritten() async throws {
    let outcome = try #require(try await Self.outcome(2))
    #expect(outcome == nil)
  }

  @Test func aLeadThatWasGivenBackEndsTheCommitThatIsUnderWay() async throws {
    try await Self.with { term in
      // What the keeper does beside a commit.
      let session = try term.test.session()
      try session.run(LogHeadStatements.release(.text("mine")))
      session.close()
      #expect(await term.write() == .notLeader(address: nil))
      #expect(try term.test.run("SELECT count(*) FROM event")?.integer(0, 0) == 1)
    }
  }

  /// The server failed over to a copy that lacks a take-over: the row there names the term still.
  private static func failOver(_ test: PostgresTest) throws {
    try test.run("UPDATE log_head SET timeline = timeline - 1")
  }

  @Test func aTermThatMeetsAnotherServerWritesNothing() async throws {
    try await Self.with { term in
      try Self.failOver(term.test)
      #expect(await term.write() == .notLeader(address: nil))
      #expect(try term.test.run("SELECT count(*) FROM event")?.integer(0, 0) == 1)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aTermThatIsSentToAnotherServerWritesNothing() async throws {
    try await Self.with { term in
      try Self.breakOff(term.test, always: false)
      async let writing = term.write()
      try await Self.isUnderWay(term)
      try Self.failOver(term.test)
      let outcome = await writing
      #expect(outcome == .notLeader(address: nil))
      #expect(try term.test.run("SELECT count(*) FROM event")?.integer(0, 0) == 1)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aServerThatAlwaysBreaksOffIsNotTriedForEver() async throws {
    try await Self.with(patience: .milliseconds(500)) { term in
      try Self.breakOff(term.test, always: true)
      let outcome = await term.write()
      if case .unavailable = outcome {} else { Issue.record("\(String(describing: outcome))") }
      let tries = try term.test.run("SELECT last_value FROM faults")?.integer(0, 0)
      // It waits longer from one to the next.
      #expect((2...20).contains(tries ?? 0), "\(String(describing: tries)) tries")
      #expect(try term.test.run("SELECT count(*) FROM event")?.integer(0, 0) == 1)
    }
  }
}
