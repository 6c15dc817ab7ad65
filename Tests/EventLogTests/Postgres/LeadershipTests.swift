import EventLogCore
import EventLogPostgres
import PostgresDriver
import Testing
import WeaveRuntime

@Suite(.enabled(if: Server.postgres.isAvailable))
struct LeadershipTests {
  @Test func aStandbyReadsAndTellsWhoLeads() async throws {
    try await PostgresTest.withSchema { test in
      let leader = try await test.open("leader:1")
      let standby = try await test.open("standby:1")
      #expect(leader.isLeading && !standby.isLeading)
      #expect(standby.identity == leader.identity)
      let receipt = try await leader.append(.marked(1, to: "s"))
      #expect(try await standby.head(beyond: .start) == receipt.lastPosition)
      #expect(try await standby.readAll(after: nil).events == leader.readAll(after: nil).events)
      await #expect(throws: EventLogError.notLeader(address: "leader:1")) {
        try await standby.append(.marked(2, to: "s"))
      }
      await #expect(throws: EventLogError.emptyAppend) {
        try await standby.append(AppendRequest(to: "s", []))
      }
      await leader.close()
      await standby.close()
    }
  }

  @Test func aLeadThatIsGivenBackIsTakenAtOnce() async throws {
    try await PostgresTest.withSchema { test in
      let first = try await test.open("first:1")
      let second = try await test.open("second:1", poll: .milliseconds(50))
      _ = try await first.append(.marked(1, to: "s"))
      await first.close()
      try await until("the standby leads") { second.isLeading }
      let receipt = try await second.append(.marked(2, to: "s"))
      #expect(receipt.lastPosition == GlobalPosition(2))
      #expect(receipt.parts.first?.firstRevision == StreamRevision(1))
      // More than once where the machine is too busy for a lease to be renewed.
      #expect(try await second.statistics().leaderEpoch >= 2)
      await second.close()
    }
  }

  /// The leader's rows are there, its fence is not: nothing of them is ever seen.
  @Test func L45_aDeposedLeaderWritesNothing() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open("old:1")
      let request = AppendRequest.marked(1, to: "s")
      _ = try await log.append(request)
      // Somebody else takes over, as far as the tables know.
      try test.run(
        """
        UPDATE log_head SET leader_epoch = leader_epoch + 1, holder = 'another',
          address = 'new:1', lease_until = clock_timestamp() + interval '1 hour'
        """
      )
      await #expect(throws: EventLogError.self) { try await log.append(.marked(2, to: "s")) }
      try await until("it knows who leads") {
        let error = await Self.refusal(of: log)
        return error == .notLeader(address: "new:1")
      }
      let rows = try test.run("SELECT count(*) FROM event")
      #expect(rows?.integer(0, 0) == 1)
      #expect(try await log.head() == GlobalPosition(1))
      #expect(!log.isLeading)
      await log.close()
      // What it gave back was not its own any more.
      #expect(try test.run("SELECT holder FROM log_head")?.text(0, 0) == "another")
    }
  }

  @Test func aLeaderIsReplacedWhenItsLeaseEnds() async throws {
    try await PostgresTest.withSchema { test in
      let leader = try await test.open("a:1")
      _ = try await leader.append(.marked(1, to: "s"))
      await leader.close()
      // A holder that never renews, and whose session is a living one: the test's own.
      let session = try test.session()
      try session.run(
        PostgresTest.statement(
          """
          UPDATE log_head SET holder = 'stuck', address = 'stuck:1', backend = pg_backend_pid(),
            leader_epoch = leader_epoch + 1,
            lease_until = clock_timestamp() + interval '3 seconds'
          """
        )
      )
      let standby = try await test.open("b:1", lease: .milliseconds(600), poll: .milliseconds(20))
      #expect(!standby.isLeading)
      try await until("the lease ended") { standby.isLeading }
      #expect(try await standby.append(.marked(2, to: "s")).lastPosition == GlobalPosition(2))
      session.close()
      await standby.close()
    }
  }

  @Test func aVanishedLeaderIsNotWaitedFor() async throws {
    try await PostgresTest.withSchema { test in
      let first = try await test.open("a:1")
      _ = try await first.append(.marked(1, to: "s"))
      await first.close()
      // Its session is gone, and its renewal overdue: nine seconds of lease are not waited for.
      try test.run(
        """
        UPDATE log_head SET holder = 'gone', leader_epoch = leader_epoch + 1, backend = 0,
          lease_until = clock_timestamp() + interval '6400 milliseconds'
        """
      )
      let second = try await test.open("b:1")
      #expect(second.isLeading)
      await second.close()
    }
  }

  /// The server failed over to a copy that lacked the last events, and the log has grown since.
  @Test func anEpochThatOutgrewWhatWasReadIsNoticed() async throws {
    try await PostgresTest.withSchema { test in
      let leader = try await test.open("a:1", poll: .milliseconds(50))
      let reader = try await test.open("b:1", poll: .milliseconds(50))
      for number in 1...3 { _ = try await leader.append(.marked(number, to: "s")) }
      #expect(try await reader.head(beyond: GlobalPosition(2)) == GlobalPosition(3))
      await leader.close()
      try test.run(
        """
        UPDATE log_head SET log_epoch = log_epoch + 1, epoch_ends = epoch_ends || 2::bigint, head = 9,
          leader_epoch = leader_epoch + 1, holder = 'c', address = 'c:1',
          lease_until = clock_timestamp() + interval '1 hour'
        """
      )
      try await until("the reader is told") {
        do throws(EventLogError) {
          _ = try await reader.head()
          return false
        } catch {
          return error == .logEpochChanged(head: GlobalPosition(9))
        }
      }
      await reader.close()
    }
  }

  /// Leaves one event behind, and a session of its leader with the rows of a second, not committed.
  private static func stoppedLeader(of test: PostgresTest) async throws -> PostgresSession {
    let leader = try await test.open("a:1")
    _ = try await leader.append(.marked(1, to: "s"))
    await leader.close()
    var settings = PostgresSettings(url: test.url, applicationName: "wordweave " + test.schema)
    settings.parameters["search_path"] = test.schema
    let stopped = try PostgresSession.connect(settings)
    try stopped.run(PostgresStatement.begin())
    try stopped.run(
      PostgresTest.statement(
        "INSERT INTO event SELECT 2, NULL, NULL, NULL, type, envelope FROM event"
      )
    )
    return stopped
  }

  /// As one that is stopped while it copies: its session is busy, so no timer of the server ends it.
  @Test(.timeLimit(.minutes(1))) func aStoppedLeadersRowsAreNotWaitedFor() async throws {
    try await PostgresTest.withSchema { test in
      let stopped = try await Self.stoppedLeader(of: test)
      let pool = BlockingPool(name: "stopped", threads: 1)
      let statement = PostgresTest.statement("SELECT pg_sleep(40)")
      let busy = Task { try await pool.run { _ = try stopped.run(statement) } }
      try await until("it is busy") {
        try test.run(
          """
          SELECT count(*) FROM pg_stat_activity
          WHERE application_name = 'wordweave \(test.schema)' AND wait_event = 'PgSleep'
          """
        )?.integer(0, 0) == 1
      }
      let second = try await test.open("b:1")
      let begin = ContinuousClock.now
      #expect(try await second.append(.marked(2, to: "s")).lastPosition == GlobalPosition(2))
      // Less than rows are waited for; they would be there for forty seconds.
      #expect(ContinuousClock.now - begin < .seconds(3))
      await #expect(throws: PostgresError.self) { try await busy.value }
      pool.shutdown()
      stopped.close()
      try await second.verify()
      await second.close()
    }
  }

  /// As one that is stopped between its fence and its COMMIT: the server has locked the row of the
  /// head and waits for the rest, for which it has no timer.
  @Test(.timeLimit(.minutes(1))) func aLeaderStoppedBehindItsFenceIsNotWaitedFor() async throws {
    try await PostgresTest.withSchema { test in
      let stopped = try await Self.stoppedLeader(of: test)
      try stopped.run(PostgresTest.statement("UPDATE log_head SET head = 2"))
      let second = try await test.open("b:1")
      #expect(second.isLeading)
      #expect(try await second.append(.marked(2, to: "s")).lastPosition == GlobalPosition(2))
      #expect(throws: PostgresError.self) { try stopped.run(PostgresStatement.commit()) }
      stopped.close()
      try await second.verify()
      await second.close()
    }
  }

  /// A stream that is written without a pause is read by who hears of each head late.
  @Test(.timeLimit(.minutes(1))) func aStreamThatIsAlwaysAheadIsRead() async throws {
    try await PostgresTest.withSchema { test in
      let leader = try await test.open("a:1")
      let reader = try await test.open("b:1", lease: .seconds(60), poll: .seconds(60))
      _ = try await leader.append(.marked(0, to: "s"))
      let writing = Task {
        var number = 0
        while !Task.isCancelled {
          number += 1
          _ = try await leader.append(.marked(number, to: "s"))
        }
      }
      var last = GlobalPosition.start
      for _ in 0..<50 {
        let page = try await reader.read("s", from: .max, direction: .backward, limit: 1)
        let event = try #require(page.events.first)
        #expect(event.position <= page.head && event.position >= last)
        last = event.position
        // Whoever reads on sees no older log.
        #expect(try await reader.head() >= event.position)
        #expect(try await reader.streams(limit: 10).map(\.name) == ["s"])
      }
      writing.cancel()
      _ = await writing.result
      await leader.close()
      await reader.close()
    }
  }

  /// The word of who restored a backup is not lost where somebody else leads.
  @Test func anEpochIsStartedOrRefused() async throws {
    try await PostgresTest.withSchema { test in
      let leader = try await test.open("a:1")
      _ = try await leader.append(.marked(1, to: "s"))
      await #expect {
        _ = try await test.open("b:1", startsEpoch: true)
      } throws: { error in
        if case .unavailable = error as? EventLogError { true } else { false }
      }
      await leader.close()
      let next = try await test.open("b:1", startsEpoch: true)
      #expect(next.isLeading && next.identity.epochNumber == 2)
      #expect(next.identity.epochEnds == [GlobalPosition(1)])
      await next.close()
    }
  }

  /// A program that looks at a log must not stop those who write it.
  @Test func whoOnlyReadsLeavesTheLeadToOthers() async throws {
    try await PostgresTest.withSchema { test in
      let first = try await test.open("a:1")
      _ = try await first.append(.marked(1, to: "s"))
      await first.close()
      let before = try Self.leaderEpoch(test)
      let reader = try await test.open(standby: .reads, poll: .milliseconds(50))
      #expect(!reader.isLeading && reader.leadership == .vacant)
      let events = try await reader.readAll(after: nil).events
      #expect(events.count == 1)
      await #expect(throws: EventLogError.notLeader(address: nil)) {
        try await reader.append(.marked(2, to: "s"))
      }
      await #expect(throws: EventLogError.notLeader(address: nil)) { try await reader.handOver() }
      let after = try Self.leaderEpoch(test)
      #expect(after == before)

      let second = try await test.open("b:1")
      #expect(second.isLeading)
      let receipt = try await second.append(.marked(2, to: "s"))
      let head = try await reader.head(beyond: GlobalPosition(1))
      #expect(head == receipt.lastPosition)
      await second.close()
      // What was given back is there for whoever comes next.
      let third = try await test.open("c:1")
      #expect(third.isLeading && !reader.isLeading)
      await reader.close()
      await third.close()
    }
  }

  private static func leaderEpoch(_ test: PostgresTest) throws -> Int64? {
    try test.run("SELECT leader_epoch FROM log_head")?.integer(0, 0)
  }

  @Test func whoOnlyReadsStartsNoEpoch() async throws {
    try await PostgresTest.withSchema { test in
      await (try test.open()).close()
      await #expect {
        _ = try await test.open(standby: .reads, startsEpoch: true)
      } throws: { error in
        if case .invalid = error as? EventLogError { true } else { false }
      }
    }
  }

  @Test func onlyOneOfManyLeads() async throws {
    try await PostgresTest.withSchema { test in
      let logs = try await withThrowingTaskGroup(of: PostgresEventLog.self) { group in
        for index in 0..<6 { group.addTask { try await test.open("\(index)") } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(logs.count { $0.isLeading } == 1)
      #expect(Set(logs.map(\.identity)).count == 1)
      for log in logs { await log.close() }
    }
  }

  @Test func L44_aFailedCommitEndsItsTermAndAnotherFollows() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      _ = try await log.append(.marked(1, to: "s"))
      try test.run(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'the disk is full' USING ERRCODE = 'disk_full'; END $$
        """,
        "CREATE TRIGGER refuse BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
      )
      let request = AppendRequest.marked(2, to: "s")
      let error = await Self.refusal(of: log, request)
      guard case .outcomeUnknown = error else {
        Issue.record("expected `outcomeUnknown`, found \(String(describing: error))")
        return
      }
      try test.run("DROP TRIGGER refuse ON event")
      try await until("it leads again") { log.isLeading }
      // L21: the same request again gives a definite answer, and is written once.
      #expect(try await log.append(request).lastPosition == GlobalPosition(2))
      #expect(try await log.append(request).isRepeat)
      try await log.verify()
      await log.close()
    }
  }

  private static func refusal(
    of log: PostgresEventLog,
    _ request: AppendRequest = .marked(0, to: "s")
  ) async -> EventLogError? {
    do throws(EventLogError) {
      _ = try await log.append(request)
      return nil
    } catch {
      return error
    }
  }
}
