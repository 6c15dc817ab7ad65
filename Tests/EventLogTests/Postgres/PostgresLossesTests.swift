import EventLogCore
import EventLogPostgres
import PostgresDriver
import Testing

/// Losses that were seen in other stores on Postgres, each provoked as it was found there.
///
/// - Source: the specification of the event log, section 3.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct PostgresLossesTests {
  /// Reads to the end, checking that no position is passed over.
  private func positions(_ log: PostgresEventLog, limit: Int = 7) async throws -> [UInt64] {
    var positions: [UInt64] = []
    var after: GlobalPosition?
    while true {
      let page = try await log.readAll(after: after, limit: limit)
      positions += page.events.map(\.position.number)
      #expect(page.scannedTo.number == positions.last ?? 0)
      after = page.scannedTo
      if page.isEnd { return positions }
    }
  }

  /// A transaction that began later owns a lower position, or one that began earlier a higher: a
  /// checkpoint that is a position alone passes what is not committed yet.
  @Test func newerTransactionOwnsLowerPosition() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      // Transactions with numbers below and above those of every commit stay open meanwhile.
      let older = try test.session()
      try older.run([
        PostgresStatement.begin(), PostgresTest.statement("SELECT pg_current_xact_id()"),
      ])
      _ = try await log.append(.marked(1, to: "a"))
      let newer = try test.session()
      try newer.run([
        PostgresStatement.begin(), PostgresTest.statement("SELECT pg_current_xact_id()"),
      ])
      _ = try await log.append(.marked(2, to: "b"))
      #expect(try await positions(log) == [1, 2])
      older.close()
      newer.close()
      _ = try await log.append(.marked(3, to: "c"))
      #expect(try await positions(log) == [1, 2, 3])
      await log.close()
    }
  }

  /// Positions that stand on transaction numbers are all above those of a fresh cluster: nothing
  /// is delivered after a restore.
  ///
  /// Here they are counted, and the other cluster starts an epoch.
  @Test func restoredClusterRestartsIds() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      for number in 1...3 { _ = try await log.append(.marked(number, to: "s")) }
      #expect(log.identity.epoch == 1)
      let id = log.identity.id
      await log.close()
      // As the tables would be found after a restore elsewhere.
      try test.run("UPDATE log_head SET cluster = cluster - 1")
      let restored = try await test.open()
      #expect(restored.identity.id == id && restored.identity.epochNumber == 2)
      #expect(restored.identity.epochEnds == [GlobalPosition(3)])
      #expect(try await restored.append(.marked(4, to: "s")).lastPosition == GlobalPosition(4))
      #expect(try await positions(restored) == [1, 2, 3, 4])
      await restored.close()
      // A failover shows in the timeline; opened again on the same one, nothing changes.
      try test.run("UPDATE log_head SET timeline = timeline - 1")
      let failedOver = try await test.open()
      #expect(failedOver.identity.epochNumber == 3)
      await failedOver.close()
      let again = try await test.open()
      #expect(again.identity == failedOver.identity)
      await again.close()
    }
  }

  /// A dump that is restored into its own cluster brings the head, the cluster and the timeline of
  /// when it was taken: what came later would be written anew in the same epoch.
  @Test func aDumpRestoredInItsClusterStartsAnEpoch() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      for number in 1...3 { _ = try await log.append(.marked(number, to: "s")) }
      #expect(log.identity.epochNumber == 1)
      await log.close()
      // As a dump does: other tables of the same names, with the same rows.
      try test.run(
        "ALTER TABLE log_head RENAME TO dumped",
        "CREATE TABLE log_head (LIKE dumped INCLUDING ALL)",
        "INSERT INTO log_head TABLE dumped",
        "GRANT SELECT, UPDATE ON log_head TO wordweave_log"
      )
      let restored = try await test.open()
      #expect(restored.identity.id == log.identity.id && restored.identity.epochNumber == 2)
      #expect(restored.identity.epochEnds == [GlobalPosition(3)])
      #expect(try await restored.append(.marked(4, to: "s")).lastPosition == GlobalPosition(4))
      await restored.close()
      let again = try await test.open()
      #expect(again.identity == restored.identity)
      await again.close()
    }
  }

  /// A transaction got its number before it took the stream: revision 1 comes before 0.
  @Test func transactionOrderInvertsStream() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<8 {
          group.addTask {
            for number in 0..<20 {
              _ = try await log.append(.marked(writer * 100 + number, to: "s"))
            }
          }
        }
        try await group.waitForAll()
      }
      let events = try await log.readAll(after: nil).events
      #expect(events.map(\.revision?.number) == (0..<160).map { UInt64($0) })
      #expect(events.map(\.position.number) == Array(1...160))
      let inverted = try test.run(
        "SELECT count(*) FROM event a JOIN event b ON b.revision = a.revision + 1"
          + " WHERE b.position <= a.position OR b.xmin::text::bigint < a.xmin::text::bigint"
      )
      #expect(inverted?.integer(0, 0) == 0)
      await log.close()
    }
  }

  /// One open writing transaction anywhere holds the horizon, and all readers with it.
  @Test func openTransactionStallsReaders() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      try test.run("CREATE TABLE unrelated (number bigint)")
      let open = try test.session()
      try open.run([
        PostgresStatement.begin(), PostgresTest.statement("INSERT INTO unrelated VALUES (1)"),
      ])
      let receipt = try await log.append(.marked(1, to: "s"))
      #expect(try await log.head() == receipt.lastPosition)
      #expect(try await positions(log) == [1])
      open.close()
      await log.close()
    }
  }

  /// Rolled back work leaves gaps where positions come from a sequence, and whoever waits for a gap
  /// passes it too early or never.
  ///
  /// Here a refused commit takes no position.
  @Test func gapPassedByTimeout() async throws { try await refusedCommitsLeaveNoGap(rounds: 1) }

  /// The mark never leaves the next gap.
  @Test func secondGapLoopsForever() async throws { try await refusedCommitsLeaveNoGap(rounds: 3) }

  private func refusedCommitsLeaveNoGap(rounds: Int) async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open(poll: .milliseconds(30))
      try test.run(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF new.type = 'Refused' THEN RAISE 'refused'; END IF; RETURN new; END $$
        """,
        "CREATE TRIGGER refuse BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION refuse()"
      )
      for round in 0..<rounds {
        _ = try await log.append(.marked(round, to: "s"))
        await #expect(throws: EventLogError.self) {
          try await log.append(.marked(round, to: "s", type: "Refused"))
        }
        try await until("it leads again") { log.isLeading }
      }
      let last = try await log.append(.marked(9, to: "s"))
      #expect(last.lastPosition.number == UInt64(rounds + 1))
      #expect(try await positions(log, limit: 1) == Array(1...UInt64(rounds + 1)))
      await log.close()
    }
  }

  /// Skipping a hole without a word.
  ///
  /// A hole in the tables is damage, and every read says so.
  @Test func passOverLeavesTrace() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      for number in 1...9 { _ = try await log.append(.marked(number, to: "s")) }
      try test.run(
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DELETE FROM event WHERE position = 5"
      )
      for (limit, direction) in [(9, Direction.forward), (9, .backward), (5, .forward)] {
        await #expect(throws: EventLogError.corrupt("there is no event", at: GlobalPosition(5))) {
          try await log.readAll(after: nil, direction: direction, limit: limit)
        }
      }
      await #expect(throws: EventLogError.self) {
        try await log.read("s", from: .first, direction: .forward, limit: 9)
      }
      await #expect(throws: EventLogError.self) { try await log.verify() }
      await log.close()
    }
  }

  /// Probe and load in two statements are two views of the data: what commits between them is
  /// taken for looked at.
  ///
  /// Pages are taken while commits rain, and none claims what it lacks.
  @Test func oneStatementOneView() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      let standby = try await test.open(poll: .milliseconds(5))
      async let writing: Void = {
        for number in 0..<150 { _ = try await log.append(.marked(number, to: "s\(number % 3)")) }
      }()
      for reader in [log, standby] {
        var seen: UInt64 = 0
        while seen < 150 {
          let page = try await reader.readAll(after: GlobalPosition(seen), limit: 11)
          for event in page.events {
            seen += 1
            #expect(event.position.number == seen)
          }
          #expect(page.scannedTo.number == seen)
          if page.isEnd { #expect(page.head.number == seen) }
        }
      }
      try await writing
      await standby.close()
      await log.close()
    }
  }

  /// A reader that is forced forward goes by what is committed: rows of a commit that has not ended
  /// count neither as head nor as page.
  @Test func forcedCatchUpKeepsGap() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      _ = try await log.append(.marked(1, to: "s"))
      // Somebody holds the head's row: the next commit has its rows in place and waits.
      let holder = try test.session()
      try holder.run([
        PostgresStatement.begin(),
        PostgresTest.statement("SELECT FROM log_head FOR UPDATE"),
      ])
      let waiting = Task { try await log.append(.marked(2, to: "s")) }
      try await until("the commit waits") {
        try test.run(
          """
          SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
            AND application_name = 'wordweave \(test.schema)'
          """
        )?.integer(0, 0) ?? 0 > 0
      }
      let page = try await log.readAll(after: nil)
      #expect(page.events.count == 1 && page.scannedTo == GlobalPosition(1) && page.isEnd)
      holder.close()
      #expect(try await waiting.value.lastPosition == GlobalPosition(2))
      #expect(try await positions(log) == [1, 2])
      await log.close()
    }
  }

  /// Notifications that are sent while nobody is connected are gone; polling finds the events.
  @Test func notifyLostOnReconnect() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      let standby = try await test.open(poll: .milliseconds(100))
      for number in 1...3 {
        let waiting = Task { try await standby.head(beyond: GlobalPosition(UInt64(number - 1))) }
        try test.endSessions()
        var receipt: AppendReceipt?
        try await until("the append is answered") {
          receipt = try? await log.append(.marked(number, to: "s"))
          return receipt != nil
        }
        #expect(try await waiting.value == receipt?.lastPosition)
      }
      await standby.close()
      await log.close()
    }
  }

  /// A lost compare-and-set taken for success: an update that finds no row is no error.
  @Test func rowsAffectedCounted() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      _ = try await log.append(.marked(1, to: "s"))
      // The head moves under the leader, as if another had written.
      try test.run("UPDATE log_head SET head = 7")
      await #expect(throws: EventLogError.self) { try await log.append(.marked(2, to: "s")) }
      #expect(try test.run("SELECT count(*) FROM event")?.integer(0, 0) == 1)
      // The tables contradict themselves now: nobody leads such a log.
      await log.close()
      let again = try? await test.open(standby: .refuses)
      #expect(again == nil)
    }
  }

  /// Two writers move one checkpoint without comparing; marks only ever grow here.
  @Test func twoConsumersOneCheckpoint() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      let outcomes = await withTaskGroup(of: Bool.self) { group in
        for writer in 0..<8 {
          group.addTask {
            let request = AppendRequest(
              to: StreamName("w\(writer)"),
              [NewEvent(type: "T", data: [])]
            )
            let tracked = AppendRequest(
              request.parts,
              tracking: Tracking(source: "origin", position: 1)
            )
            return (try? await log.append(tracked)) != nil
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.count { $0 } == 1)
      #expect(try await log.tracking(of: "origin") == 1)
      #expect(try await log.head() == GlobalPosition(1))
      await log.close()
    }
  }
}
