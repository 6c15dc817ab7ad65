import EventLogCore
import EventLogPostgres
import PostgresDriver
import Testing

@Suite(.enabled(if: Server.postgres.isAvailable))
struct LostConnectionTests {
  /// Sessions are ended at random while many write: everything is there once, in order.
  @Test(.timeLimit(.minutes(2))) func L42_sessionsThatEndLoseNothing() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open(poll: .milliseconds(50))
      let chaos = Task {
        while !Task.isCancelled {
          try await Task.sleep(for: .milliseconds(Int.random(in: 20...120)))
          try test.endSessions()
        }
      }
      let answered = try await withThrowingTaskGroup(of: [GlobalPosition].self) { group in
        for writer in 0..<6 {
          group.addTask {
            var positions: [GlobalPosition] = []
            for number in 0..<60 {
              let request = AppendRequest.marked(number, to: "w\(writer)")
              positions.append(try await Self.append(request, to: log))
            }
            return positions
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      chaos.cancel()
      _ = await chaos.result
      #expect(Set(answered).count == 360)
      #expect(try await log.head() == GlobalPosition(360))
      try await log.verify()
      for writer in 0..<6 {
        let page = try await log.read(
          StreamName("w\(writer)"),
          from: .first,
          direction: .forward,
          limit: 100
        )
        #expect(page.events.map(\.data) == (0..<60).map { Array("\($0)".utf8) })
      }
      await log.close()
    }
  }

  /// Sends the request until its outcome is known.
  private static func append(
    _ request: AppendRequest,
    to log: PostgresEventLog
  ) async throws -> GlobalPosition {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      do throws(EventLogError) {
        return try await log.append(request).lastPosition
      } catch {
        switch error {
        case .outcomeUnknown, .notLeader, .unavailable: break
        default: throw error
        }
        guard ContinuousClock.now < deadline else { throw error }
        try await Task.sleep(for: .milliseconds(10))
      }
    }
  }

  /// The connection goes while the server commits, and the commit with it: it is written again.
  @Test func aCommitThatWasLostIsWrittenAgain() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      try test.run(
        "CREATE SEQUENCE faults",
        "GRANT USAGE ON SEQUENCE faults TO PUBLIC",
        """
        CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
          IF nextval('faults') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
          RETURN NULL;
        END $$
        """,
        // Deferred: it runs inside COMMIT.
        """
        CREATE CONSTRAINT TRIGGER vanish AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION vanish()
        """
      )
      let receipt = try await log.append(.marked(1, to: "s"))
      #expect(receipt.lastPosition == GlobalPosition(1) && !receipt.isRepeat)
      #expect(try test.run("SELECT last_value FROM faults")?.integer(0, 0) == 2)
      #expect(try await log.append(.marked(2, to: "s")).lastPosition == GlobalPosition(2))
      // The same term: nobody else led meanwhile.
      #expect(log.isLeading)
      try await log.verify()
      await log.close()
    }
  }

  /// The answer to a commit is lost, and the commit is not: the head tells that it took place.
  @Test(.timeLimit(.minutes(1))) func aLostAnswerIsFoundInTheHead() async throws {
    try await PostgresTest.withSchema { test in
      let proxy = try CuttingProxy(to: test.url)
      let log = try await test.open(at: proxy.url)
      _ = try await log.append(.marked(1, to: "s"))
      for number in 2...6 {
        proxy.cutNextCommit()
        let receipt = try await log.append(.marked(number, to: "s"))
        #expect(receipt.lastPosition == GlobalPosition(UInt64(number)) && !receipt.isRepeat)
      }
      #expect(proxy.cuts == 5)
      #expect(log.isLeading)
      try await log.verify()
      await log.close()
      proxy.close()
    }
  }

  /// Reads go on over new sessions.
  @Test func readsSurviveTheEndOfTheirSessions() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      _ = try await log.append(.marked(1, to: "s"))
      for _ in 0..<5 {
        _ = try await log.readAll(after: nil)
        try test.endSessions()
        #expect(try await log.readAll(after: nil).events.count == 1)
      }
      await log.close()
    }
  }

  /// A database that turns read-only refuses clearly, and the log goes on when it is back.
  @Test func aReadOnlyDatabaseLosesNothing() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open(poll: .milliseconds(50))
      _ = try await log.append(.marked(1, to: "s"))
      try test.run("REVOKE INSERT ON event FROM wordweave_log")
      let request = AppendRequest.marked(2, to: "s")
      await #expect(throws: EventLogError.self) { try await log.append(request) }
      #expect(try await log.readAll(after: nil).events.count == 1)
      try test.run("GRANT INSERT ON event TO wordweave_log")
      #expect(try await Self.append(request, to: log) == GlobalPosition(2))
      await log.close()
    }
  }
}
