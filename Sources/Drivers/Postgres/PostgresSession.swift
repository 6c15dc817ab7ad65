internal import CPostgres
internal import Glibc

/// One session with a server, for a thread that may block.
///
/// - Shape: statements go out together and their answers come back together (pipeline mode, always
///   on). Those of one `run` are one transaction, unless they begin or are inside another.
/// - Errors: after one whose `endsConnection` is true the session is of no use.
///
/// `@unchecked Sendable`: libpq takes one thread at a time per connection. A session has one user
/// at a time: the actor, pool or thread that owns it; only `cancellation` may be used by others.
public final class PostgresSession: @unchecked Sendable {
  var connection: OpaquePointer?
  let settings: PostgresSettings
  /// Stops what the session is doing, from any thread.
  public let cancellation: PostgresCancellation
  private var prepared: [PostgresStatement: String] = [:]
  /// How many names were given to prepared statements.
  private var named = 0
  /// What was sent by `sendAhead` and not yet answered.
  private var ahead: [Sent] = []

  private init(
    _ connection: OpaquePointer,
    _ cancellation: PostgresCancellation,
    _ settings: PostgresSettings
  ) {
    self.connection = connection
    self.cancellation = cancellation
    self.settings = settings
  }

  deinit { close() }

  /// Connects, and waits for it.
  public static func connect(
    _ settings: PostgresSettings
  ) throws(PostgresError) -> PostgresSession {
    let attempt = "connect to \(settings.redactedURL)"
    let seconds = max(2, Int(settings.connectTimeout.components.seconds))
    // What comes later wins: the URL may not choose another encoding.
    let options: [(String, String)] = [
      ("dbname", settings.url), ("application_name", settings.applicationName),
      ("connect_timeout", "\(seconds)"), ("client_encoding", "UTF8"),
    ]
    guard let connection = connect(options) else {
      throw PostgresError(.connectionFailed, attempt: attempt, found: "out of memory")
    }
    // A library prints nothing: unasked, libpq would write the server's notices to standard error.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    guard PQstatus(connection) == CONNECTION_OK, PQsetnonblocking(connection, 1) == 0,
      PQenterPipelineMode(connection) == 1, let cancel = PQgetCancel(connection)
    else {
      defer { PQfinish(connection) }
      throw PostgresError(.connectionFailed, connection, attempt: attempt)
    }
    let session = PostgresSession(connection, PostgresCancellation(taking: cancel), settings)
    try session.apply(settings)
    return session
  }

  private static func connect(_ options: [(String, String)]) -> OpaquePointer? {
    let keys = options.map { strdup($0.0) }
    let values = options.map { strdup($0.1) }
    defer { for text in keys + values { free(text) } }
    let keyList = keys.map { UnsafePointer($0) } + [nil]
    let valueList = values.map { UnsafePointer($0) } + [nil]
    return PQconnectdbParams(keyList, valueList, 1)
  }

  private static let configure = PostgresStatement(
    "set the parameters of a session",
    isPrepared: false,
    "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS p(name, value)"
  )

  private func apply(_ settings: PostgresSettings) throws(PostgresError) {
    var parameters = settings.parameters
    let timeout = settings.statementTimeout.components
    parameters["statement_timeout"] =
      "\(timeout.seconds * 1000 + timeout.attoseconds / 1_000_000_000_000_000)"
    let names = parameters.keys.sorted()
    try run([Self.configure(.texts(names), .texts(names.compactMap { parameters[$0] }))])
  }

  /// Whether the connection is believed to be sound.
  public var isOpen: Bool { connection.map { PQstatus($0) == CONNECTION_OK } ?? false }

  /// Whether a transaction was begun and not ended.
  public var isInTransaction: Bool {
    connection.map { PQtransactionStatus($0) != PQTRANS_IDLE } ?? false
  }

  /// The number of the server's process for this session.
  public var process: Int32 { connection.map { PQbackendPID($0) } ?? 0 }

  /// Ends the session; twice is fine.
  public func close() {
    guard let connection else { return }
    self.connection = nil
    PQfinish(connection)
  }

  /// Runs statements in one round trip and gives their answers in order.
  ///
  /// The first that is refused ends the batch: what stands behind it is not run. What was sent ahead
  /// is answered first; if any of that was refused, this throws why.
  @discardableResult
  public func run(_ calls: [PostgresCall]) throws(PostgresError) -> [PostgresRows] {
    let sent = try send(calls)
    let refusal = try settled()
    var answers: [PostgresRows] = []
    answers.reserveCapacity(calls.count)
    do throws(PostgresError) {
      try receive(sent) { _, rows in answers.append(rows) }
    } catch {
      throw error.endsConnection ? error : refusal ?? error
    }
    if let refusal { throw refusal }
    return answers
  }

  /// Sends statements and does not wait for their answers, which are taken by whatever runs next.
  ///
  /// The server works meanwhile. For parts of a transaction that was begun, whose end will tell.
  public func sendAhead(_ calls: [PostgresCall]) throws(PostgresError) {
    let sent = try send(calls)
    ahead.append(sent)
    let purpose = sent.purpose
    try flush(
      purpose,
      until: ContinuousClock.now + settings.statementTimeout + settings.answerGrace
    )
  }

  /// Takes the answers to what was sent ahead.
  ///
  /// - Throws: why the first of it was refused.
  func settle() throws(PostgresError) {
    if let refusal = try settled() { throw refusal }
  }

  /// Takes the answers to what was sent ahead, and answers why the first of it was refused.
  private func settled() throws(PostgresError) -> PostgresError? {
    let all = ahead
    ahead = []
    var refusal: PostgresError?
    for sent in all {
      do throws(PostgresError) {
        try receive(sent) { _, _ in }
      } catch {
        guard !error.endsConnection else { throw error }
        refusal = refusal ?? error
      }
    }
    return refusal
  }

  /// Runs one statement.
  @discardableResult
  public func run(_ call: PostgresCall) throws(PostgresError) -> PostgresRows {
    let answers = try run([call])
    guard let answer = answers.first else {
      throw PostgresError(
        .unexpected,
        attempt: call.statement.purpose,
        found: "the server gave no answer"
      )
    }
    return answer
  }

  /// Runs one statement and visits its rows as they arrive, one at a time, so that a long answer
  /// is never held whole.
  ///
  /// A body that throws makes the server stop.
  public func forEachRow<Failure: Error>(
    of call: PostgresCall,
    _ visit: (PostgresRows) throws(Failure) -> Void
  ) throws(PostgresError) -> Result<Void, Failure> {
    try settle()
    // Prepared beforehand: only the query itself may be read row by row.
    if call.statement.isPrepared, prepared[call.statement] == nil { try prepare(call.statement) }
    let sent = try send([call], isRowByRow: true)
    var failure: Failure?
    try receive(sent, isStopped: { failure != nil }) { _, rows in
      guard failure == nil, rows.count > 0 else { return }
      do throws(Failure) {
        try visit(rows)
      } catch {
        failure = error
        cancellation.cancel()
      }
    }
    return failure.map { .failure($0) } ?? .success(())
  }

  // MARK: sending

  private func prepare(_ statement: PostgresStatement) throws(PostgresError) {
    let connection = try open(statement.purpose)
    let name = nextName()
    try accepted(PQsendPrepare(connection, name, statement.sql, 0, nil), statement.purpose)
    try accepted(PQpipelineSync(connection), statement.purpose)
    var failure: PostgresError?
    try finish(statement.purpose, results: 1) { result, _ in failure = failure ?? result }
    if let failure { throw failure }
    prepared[statement] = name
  }

  /// Statements that were sent together.
  private struct Sent {
    let calls: [PostgresCall]
    /// Names of statements that are prepared with them; known only when it has gone well.
    var preparing: [(index: Int, statement: PostgresStatement, name: String)] = []

    var purpose: String { calls.last?.statement.purpose ?? "run nothing" }
  }

  private func nextName() -> String {
    named += 1
    return "w\(named)"
  }

  private func send(
    _ calls: [PostgresCall],
    isRowByRow: Bool = false
  ) throws(PostgresError) -> Sent {
    var batch = Sent(calls: calls)
    for (index, call) in calls.enumerated() {
      let connection = try open(call.statement.purpose)
      var name = prepared[call.statement]
      if call.statement.isPrepared, name == nil {
        let known = (batch.preparing + ahead.flatMap(\.preparing))
          .first { $0.statement == call.statement }
        let made = known?.name ?? nextName()
        if known == nil {
          let sent = call.values.withTypes { types in
            PQsendPrepare(connection, made, call.statement.sql, Int32(call.values.count), types)
          }
          try accepted(sent, call.statement.purpose)
          batch.preparing.append((index, call.statement, made))
        }
        name = made
      }
      let sent = call.values.withParameters { types, values, lengths, formats in
        let count = Int32(call.values.count)
        return if let name {
          PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1)
        } else {
          PQsendQueryParams(
            connection,
            call.statement.sql,
            count,
            types,
            values,
            lengths,
            formats,
            1
          )
        }
      }
      try accepted(sent, call.statement.purpose)
    }
    let purpose = batch.purpose
    try accepted(PQpipelineSync(try open(purpose)), purpose)
    if isRowByRow { PQsetSingleRowMode(try open(purpose)) }
    return batch
  }

  func open(_ attempt: String) throws(PostgresError) -> OpaquePointer {
    guard let connection else {
      throw PostgresError(.closed, attempt: attempt, found: "the session was closed")
    }
    return connection
  }

  func accepted(_ status: Int32, _ attempt: String) throws(PostgresError) {
    guard status != 1 else { return }
    throw lost(attempt)
  }

  /// Gives the connection up and says why.
  func lost(
    _ attempt: String,
    _ code: PostgresError.Code = .connectionLost,
    _ found: String? = nil
  ) -> PostgresError {
    guard let connection else {
      return PostgresError(.closed, attempt: attempt, found: "the session was closed")
    }
    let error =
      found.map { PostgresError(code, attempt: attempt, found: $0) }
      ?? PostgresError(code, connection, attempt: attempt)
    close()
    return error
  }

  // MARK: receiving

  private func receive(
    _ sent: Sent,
    isStopped: () -> Bool = { false },
    _ take: (Int, PostgresRows) -> Void
  ) throws(PostgresError) {
    var failure: PostgresError?
    for (index, call) in sent.calls.enumerated() {
      let purpose = call.statement.purpose
      if let place = sent.preparing.first(where: { $0.index == index }) {
        var isPrepared = true
        try takeResults(of: purpose) { error, _ in
          guard let error else { return }
          isPrepared = false
          failure = failure ?? error
        }
        if isPrepared { prepared[place.statement] = place.name }
      }
      try takeResults(of: purpose) { error, rows in
        if let error { failure = failure ?? error }
        if let rows { take(index, rows) }
      }
    }
    try finish(sent.purpose, results: 0) { _, _ in }
    guard let failure else { return }
    // Cancelled by ourselves: whoever stopped the rows has a better reason to give.
    if isStopped(), failure.sqlState == "57014" { return }
    throw failure
  }

  /// Takes so many results and the end of the batch.
  private func finish(
    _ purpose: String,
    results: Int,
    _ take: (PostgresError?, PostgresRows?) -> Void
  ) throws(PostgresError) {
    for _ in 0..<results { try takeResults(of: purpose, take) }
    while let result = try nextResult(purpose) {
      let status = PQresultStatus(result)
      PQclear(result)
      if status == PGRES_PIPELINE_SYNC { return }
    }
    throw lost(purpose)
  }

  /// Takes all results of one statement.
  private func takeResults(
    of purpose: String,
    _ take: (PostgresError?, PostgresRows?) -> Void
  ) throws(PostgresError) {
    while let result = try nextResult(purpose) {
      switch PQresultStatus(result) {
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY:
        take(nil, PostgresRows(taking: result))
      case PGRES_PIPELINE_ABORTED:
        PQclear(result)
        take(
          PostgresError(.skipped, attempt: purpose, found: "an earlier statement was refused"),
          nil
        )
      default:
        let error = PostgresError(result, attempt: purpose)
        PQclear(result)
        guard isOpen else {
          close()
          throw error
        }
        take(error, nil)
      }
    }
  }

  func nextResult(_ purpose: String) throws(PostgresError) -> OpaquePointer? {
    let connection = try open(purpose)
    let deadline = ContinuousClock.now + settings.statementTimeout + settings.answerGrace
    while PQisBusy(connection) == 1 {
      let unsent = PQflush(connection)
      guard unsent >= 0 else { throw lost(purpose) }
      let events = try wait(
        for: Int16(POLLIN) | (unsent == 1 ? Int16(POLLOUT) : 0),
        until: deadline,
        purpose
      )
      guard events != 0 else {
        throw lost(purpose, .timedOut, "the server gave no answer in time")
      }
      if events & ~Int16(POLLOUT) != 0, PQconsumeInput(connection) == 0 {
        // What the server said before it went is taken as the reason.
        if PQisBusy(connection) == 1 { throw lost(purpose) }
      }
    }
    return PQgetResult(connection)
  }

  func wait(
    for events: Int16,
    until deadline: ContinuousClock.Instant,
    _ purpose: String
  ) throws(PostgresError) -> Int16 {
    var descriptor = pollfd(fd: PQsocket(try open(purpose)), events: events, revents: 0)
    while true {
      let left = deadline - ContinuousClock.now
      guard left > .zero else { return 0 }
      let status = poll(&descriptor, 1, left.pollMilliseconds)
      if status > 0 { return descriptor.revents }
      if status < 0, errno != EINTR { throw lost(purpose) }
    }
  }
}

extension Duration {
  /// Whole milliseconds for `poll`, rounded up so that it never spins, at most a minute.
  var pollMilliseconds: Int32 {
    let (seconds, attoseconds) = components
    guard seconds < 60 else { return 60_000 }
    return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000) + 1
  }
}
