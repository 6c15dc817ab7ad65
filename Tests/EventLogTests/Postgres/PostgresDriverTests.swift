import PostgresDriver
import Testing

@Suite(.enabled(if: Server.postgres.isAvailable))
struct PostgresDriverTests {
  private static func settings() throws -> PostgresSettings {
    PostgresSettings(url: try #require(Server.postgres.url), applicationName: "wordweave-tests")
  }

  private static func session() throws -> PostgresSession {
    try PostgresSession.connect(try settings())
  }

  private static func failure(
    _ body: () throws(PostgresError) -> some Any
  ) -> PostgresError? {
    do throws(PostgresError) {
      _ = try body()
      return nil
    } catch {
      return error
    }
  }

  @Test func valuesComeBackAsTheyWent() throws {
    let session = try Self.session()
    let statement = PostgresStatement(
      "echo",
      "SELECT $1::bigint, $2::bytea, $3::text, $4::boolean, $5::uuid, $6::integer, $7::bigint"
    )
    let id = [UInt8](0..<16)
    for _ in 0..<2 {
      let rows = try session.run(
        statement(
          .int8(.min),
          .bytes([0, 255, 0]),
          .text("naïve ' \" \\"),
          .bool(true),
          .uuid(id),
          .int4(-7),
          .null(.int8)
        )
      )
      #expect(rows.integer(0, 0) == .min && rows.bytes(0, 1) == [0, 255, 0])
      #expect(rows.text(0, 2) == "naïve ' \" \\" && rows.bool(0, 3) == true)
      #expect(rows.bytes(0, 4) == id && rows.integer(0, 5) == -7 && rows.isNull(0, 6))
    }
  }

  @Test func arraysHoldNullsAndNothing() throws {
    let session = try Self.session()
    let statement = PostgresStatement("unnest", "SELECT x FROM unnest($1::bytea[]) AS u(x)")
    var array = PostgresArray(of: .bytea, count: 3, bytes: 10)
    [UInt8]([1, 2]).withUnsafeBytes { array.append($0) }
    array.appendNull()
    [UInt8]().withUnsafeBytes { array.append($0) }
    let rows = try session.run(statement(array.value))
    #expect((0..<rows.count).map { rows.bytes($0, 0) } == [[1, 2], nil, []])
    #expect(try session.run(statement(.byteArrays([[UInt8]]()))).count == 0)
    let numbers = PostgresStatement("numbers", "SELECT $1::bigint[]")
    #expect(try session.run(numbers(.int8s([1, -2, .max]))).integers(0, 0) == [1, -2, .max])
    #expect(try session.run(numbers(.int8s([]))).integers(0, 0) == [])
  }

  @Test func aRefusalNamesStateAndConstraint() throws {
    let session = try Self.session()
    try session.run(
      PostgresStatement(
        "table",
        isPrepared: false,
        "CREATE TEMP TABLE t (a integer CONSTRAINT only_one PRIMARY KEY)"
      )()
    )
    let insert = PostgresStatement("insert one", "INSERT INTO t VALUES ($1)")
    #expect(try session.run(insert(.int4(1))).changed == 1)
    let error = Self.failure { () throws(PostgresError) in try session.run(insert(.int4(1))) }
    #expect(error?.sqlState == "23505" && error?.constraint == "only_one")
    #expect(error?.endsConnection == false && error?.description.hasPrefix("insert one") == true)
    // One batch is one transaction, and what stands behind a refusal is not run.
    let again = Self.failure { () throws(PostgresError) in
      try session.run([insert(.int4(2)), insert(.int4(1)), insert(.int4(3))])
    }
    #expect(again?.sqlState == "23505")
    let count = PostgresStatement("count", "SELECT count(*) FROM t")
    #expect(try session.run(count()).integer(0, 0) == 1)
  }

  @Test func aStatementThatWasNotPreparedIsTriedAgain() throws {
    let session = try Self.session()
    let broken = PostgresStatement("broken", "SELECT * FROM not_there")
    let sound = PostgresStatement("sound", "SELECT 1::bigint")
    for _ in 0..<2 {
      let error = Self.failure { () throws(PostgresError) in try session.run([broken(), sound()]) }
      #expect(error?.sqlState == "42P01")
    }
    #expect(try session.run(sound()).integer(0, 0) == 1)
  }

  @Test func aFailedTransactionDoesNotCommit() throws {
    let session = try Self.session()
    try session.run(PostgresStatement.begin())
    _ = Self.failure { () throws(PostgresError) in
      try session.run(PostgresStatement("fail", "SELECT 1 / 0")())
    }
    #expect(session.isInTransaction)
    #expect(try session.run(PostgresStatement.commit()).commandTag == "ROLLBACK")
    #expect(!session.isInTransaction)
  }

  @Test func whatIsSentAheadIsAnsweredFirst() throws {
    let session = try Self.session()
    let number = PostgresStatement("number", "SELECT $1::bigint")
    let insert = PostgresStatement("insert one", "INSERT INTO t VALUES ($1)")
    try session.run(
      PostgresStatement("table", isPrepared: false, "CREATE TEMP TABLE t (a integer PRIMARY KEY)")()
    )
    try session.sendAhead([PostgresStatement.begin(), insert(.int4(1))])
    // Prepared by what was sent ahead, whose answer is not there yet.
    try session.sendAhead([insert(.int4(2))])
    #expect(try session.run(number(.int8(7))).integer(0, 0) == 7)
    #expect(try session.run(PostgresStatement.commit()).commandTag == "COMMIT")
    // A refusal is told by what runs next, and the transaction does not commit.
    try session.sendAhead([PostgresStatement.begin(), insert(.int4(1))])
    let error = Self.failure { () throws(PostgresError) in
      try session.run([insert(.int4(3)), PostgresStatement.commit()])
    }
    #expect(error?.sqlState == "23505" && error?.description.hasPrefix("insert one") == true)
    try session.run(PostgresStatement.rollback())
    let count = PostgresStatement("count", "SELECT count(*) FROM t")
    #expect(try session.run(count()).integer(0, 0) == 2)
    // More than the socket holds does not jam either end.
    let echo = PostgresStatement("echo", "SELECT $1::bytea")
    for _ in 0..<4 { try session.sendAhead([echo(.bytes([UInt8](repeating: 7, count: 4 << 20)))]) }
    #expect(try session.run(number(.int8(8))).integer(0, 0) == 8)
  }

  @Test func longAnswersComeRowByRow() throws {
    let session = try Self.session()
    let series = PostgresStatement("series", "SELECT generate_series(1::bigint, $1)")
    var sum: Int64 = 0
    _ = try session.forEachRow(of: series(.int8(10_000))) { rows throws(Never) in
      sum += rows.integer(0, 0) ?? 0
    }
    #expect(sum == 50_005_000)
    struct Enough: Error {}
    var seen = 0
    let stopped = try session.forEachRow(of: series(.int8(50_000_000))) { _ throws(Enough) in
      seen += 1
      if seen == 3 { throw Enough() }
    }
    guard case .failure = stopped else {
      Issue.record("the rows were to be stopped")
      return
    }
    #expect(seen == 3)
    #expect(try session.run(series(.int8(1))).count == 1)
  }

  @Test func aBigBatchDoesNotJamBothEnds() throws {
    let session = try Self.session()
    let echo = PostgresStatement("echo", "SELECT $1::bytea")
    let payload = [UInt8](repeating: 7, count: 4 << 20)
    let answers = try session.run((0..<8).map { _ in echo(.bytes(payload)) })
    #expect(answers.allSatisfy { $0.bytes(0, 0)?.count == payload.count })
  }

  @Test func notificationsWakeAndSoDoesTheBell() throws {
    let listener = try Self.session()
    let channel = TestSchema.name()
    try listener.listen(to: channel)
    let wake = try PostgresWake()
    #expect(try listener.waitForNotifications(for: .milliseconds(1), or: wake).isEmpty)
    let speaker = try Self.session()
    try speaker.notify(channel, "hello")
    let heard = try listener.waitForNotifications(for: .seconds(20), or: wake)
    #expect(heard.map(\.payload) == ["hello"] && heard.first?.process == speaker.process)
    wake.ring()
    #expect(try listener.waitForNotifications(for: .seconds(60), or: wake).isEmpty)
  }

  @Test(.timeLimit(.minutes(1))) func aCancelledTaskStopsItsStatement() async throws {
    let connection = try await PostgresConnection.connect(try Self.settings())
    let sleep = PostgresStatement("sleep", "SELECT pg_sleep(50)")
    let sleeping = Task { () throws(PostgresError) -> Int in
      try await connection.run(sleep()).count
    }
    try await Task.sleep(for: .milliseconds(100))
    sleeping.cancel()
    guard case .failure(let error) = await sleeping.result else {
      Issue.record("the statement was to be stopped")
      return
    }
    #expect((error as? PostgresError)?.sqlState == "57014")
    let sound = PostgresStatement("sound", "SELECT 1::bigint")
    #expect(try await connection.run(sound()).integer(0, 0) == 1)
    await connection.close()
  }

  @Test func aTransactionIsUndoneWhenItsBodyThrows() async throws {
    let connection = try await PostgresConnection.connect(try Self.settings())
    try await connection.run(
      PostgresStatement("table", isPrepared: false, "CREATE TEMP TABLE u (a integer)")()
    )
    let insert = PostgresStatement("insert", "INSERT INTO u VALUES (1)")
    let count = PostgresStatement("count", "SELECT count(*) FROM u")
    await #expect(throws: PostgresError.self) {
      try await connection.transaction { session throws(PostgresError) in
        try session.run(insert())
        throw PostgresError(.unexpected, attempt: "test", found: "enough")
      }
    }
    #expect(try await connection.run(count()).integer(0, 0) == 0)
    try await connection.transaction { session throws(PostgresError) in
      _ = try session.run(insert())
    }
    #expect(try await connection.run(count()).integer(0, 0) == 1)
    await connection.close()
  }

  @Test func aStatementThatTakesTooLongIsRefused() throws {
    var settings = try Self.settings()
    settings.statementTimeout = .milliseconds(50)
    let session = try PostgresSession.connect(settings)
    let error = Self.failure { () throws(PostgresError) in
      try session.run(PostgresStatement("sleep", "SELECT pg_sleep(10)")())
    }
    #expect(error?.sqlState == "57014" && session.isOpen)
  }

  @Test func aPoolReplacesWhatWasLost() throws {
    let pool = PostgresPool(try Self.settings(), bound: 2)
    let process = PostgresStatement("process", "SELECT pg_backend_pid()::bigint")
    let first = try pool.withSession { session throws(PostgresError) in
      try session.run(process()).integer(0, 0) ?? 0
    }
    let other = try Self.session()
    try other.run(
      PostgresStatement("end", isPrepared: false, "SELECT pg_terminate_backend(\(first))")()
    )
    let second = try pool.reading { session throws(PostgresError) in
      try session.run(process()).integer(0, 0) ?? 0
    }
    #expect(second != first)
    pool.close()
    let error = Self.failure { () throws(PostgresError) in
      try pool.withSession { session throws(PostgresError) in try session.run(process()) }
    }
    #expect(error?.code == .closed)
  }

  @Test func aRenewedPoolKeepsNoSession() throws {
    let pool = PostgresPool(try Self.settings(), bound: 2)
    func process() throws(PostgresError) -> Int32 {
      try pool.withSession { session throws(PostgresError) in session.process }
    }
    let first = try process()
    #expect(try process() == first)
    pool.renew()
    let second = try process()
    #expect(second != first)
    // Nor one that was lent meanwhile.
    try pool.withSession { _ throws(PostgresError) in pool.renew() }
    #expect(try process() != second)
    pool.close()
  }

  @Test func nobodyListensThere() throws {
    var settings = PostgresSettings(
      url: "postgres://me:secret@127.0.0.1:1/x",
      applicationName: "wordweave-tests"
    )
    settings.connectTimeout = .seconds(2)
    let made = settings
    let error = Self.failure { () throws(PostgresError) in try PostgresSession.connect(made) }
    #expect(error?.code == .connectionFailed)
    #expect(error?.description.contains("secret") == false)
  }
  @Test(arguments: [
    ("postgres://me:secret@h:1/x?sslmode=require", "postgres://me:***@h:1/x?sslmode=require"),
    ("postgres://me@h/x?password=secret&a=b", "postgres://me@h/x?password=***&a=b"),
    ("postgres://h/x", "postgres://h/x"),
    ("postgres://u:a?b=c&d@h/x?sslmode=off", "postgres://u:***@h/x?sslmode=off"),
    ("postgres://u@h:1/x", "postgres://u@h:1/x"), ("postgres://h:1/x@y", "postgres://h:1/x@y"),
  ])
  func noPasswordIsTold(_ url: String, _ told: String) {
    #expect(PostgresSettings(url: url, applicationName: "t").redactedURL == told)
  }
}
