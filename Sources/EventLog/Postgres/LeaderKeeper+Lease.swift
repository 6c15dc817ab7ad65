internal import EventLogCore
internal import Logging
internal import PostgresDriver
internal import Synchronization
internal import WeaveRuntime

// What the keeper's thread does to the lease and the epoch.
extension LeaderKeeper {
  /// Renews the lease; false if it is another's by now, or the database is not what it was.
  func renew(
    _ term: CommitWriter,
    _ session: PostgresSession
  ) throws(PostgresError) -> Bool {
    let (address, isNew) = state.withLock { state in
      defer { state.isAddressNew = false }
      return (state.address, state.isAddressNew)
    }
    let published = known.number
    let rows = try session.run(
      LogHeadStatements.renew(
        .text(term.token),
        .int8(times.lease.milliseconds),
        .text(address)
      )
    )
    // The others look when they hear something.
    if isNew { try session.notify(channel, address) }
    guard rows.count == 1 else { return false }
    return try rows.number(0, 0) >= published
  }

  /// Gives a lease back, and tells the others.
  func giveBack(_ token: String, over session: PostgresSession) throws(PostgresError) {
    try session.run(LogHeadStatements.release(.text(token)))
    try session.notify(channel, "released")
  }

  /// Says in the tables that the log lost what it had published, whoever leads, and tells the others.
  func startEpoch(behind sight: LogSight, _ session: PostgresSession) throws(PostgresError) {
    let rows = try runBehindCommit(
      LogHeadStatements.startEpoch(
        .int8(Int64(bound: sight.head.identity.epoch)),
        .int8(Int64(bound: sight.head.identity.nextEpoch)),
        .int8(Int64(bound: sight.head.head))
      ),
      session
    )
    // Another was faster.
    guard rows.changed == 1 else { return }
    logger.error(
      "the log went back: its database lost what it had said to be durable",
      metadata: [
        LoggingKeys.head: "\(sight.head.head)", LoggingKeys.position: "\(sight.known)",
      ]
    )
    try session.notify(channel, "epoch")
  }

  /// Leaves the lead to others until the log is opened again.
  func leaveForGood() {
    let isFirst = state.withLock { state in
      defer { state.hasReadLost = true }
      // An engine that was dropped takes no term, and has lost nothing.
      return !state.hasReadLost && !state.isStopping
    }
    guard isFirst else { return }
    logger.error("this process has read what the log lost: it is to be started again")
  }

  /// Tries to lead; nil if another was faster, or the log is not the one that this process has read.
  func takeOver(
    _ seen: LogHead,
    _ session: PostgresSession,
    startsEpoch: Bool
  ) throws(PostgresError) -> LogHead? {
    let token = "\(EventID.make())"
    let address = state.withLock { state in
      state.isAddressNew = false
      return state.address
    }
    let known = known.number
    let rows = try runBehindCommit(
      LogHeadStatements.takeOver(
        .int8(times.overdue.milliseconds),
        .int8(seen.leaderEpoch),
        .int8(seen.renewals),
        .text(token),
        .text(address),
        .int8(times.lease.milliseconds),
        .bool(startsEpoch),
        .text(Self.makeSecret()),
        .int8(Int64(bound: seen.identity.nextEpoch))
      ),
      session
    )
    guard rows.count == 1 else { return nil }
    let taken = try LogHead(rows)
    let last = try session.run(LogHeadStatements.lastPosition()).number(0, 0)
    guard last == taken.head else {
      throw PostgresError(
        .unexpected,
        attempt: "take the log over",
        found: "the head is \(taken.head) and the last event \(last): the log is damaged"
      )
    }
    lastToken.withLock { $0 = token }
    endLeftovers(onlyStopped: false)
    guard let term = hooks.lead(LogSight(head: taken, known: known)) else {
      leaveForGood()
      try giveBack(token, over: session)
      return nil
    }
    logger.info("this process leads the log", metadata: [LoggingKeys.head: "\(taken.head)"])
    state.withLock { $0.term = term }
    return taken
  }

  /// Runs a statement that waits for the row of the head, and so for a commit in flight.
  ///
  /// A leader that is stopped between its fence and its COMMIT, of which the library sends a part
  /// when its buffer is full, holds that row; no timer of the server ends it before the rest has
  /// come. So who has waited as long as a commit may take ends what waits for its process. A commit
  /// that waits for the disk or for another server is left alone: it may be there already.
  private func runBehindCommit(
    _ call: PostgresCall,
    _ session: PostgresSession
  ) throws(PostgresError) -> PostgresRows {
    do throws(PostgresError) {
      return try session.run(call)
    } catch {
      guard error.sqlState == Self.lockTimeout else { throw error }
      endLeftovers(onlyStopped: true)
      return try session.run(call)
    }
  }

  private static let lockTimeout = "55P03"

  /// Ends what earlier leaders left in the middle of a commit, which could not be committed any more.
  ///
  /// The rows of a leader that is stopped while it copies stand in the way of the next one's: its
  /// session waits for the rest of them, which no timer of the server ends.
  private func endLeftovers(onlyStopped: Bool) {
    do throws(PostgresError) {
      // As the login, whose sessions these are; the role of the log may end none.
      var settings = settings
      settings.parameters["role"] = nil
      let session = try PostgresSession.connect(settings)
      defer { session.close() }
      let call = LogHeadStatements.endLeftovers(.bool(onlyStopped))
      let ended = try session.run(call).integer(0, 0) ?? 0
      guard ended > 0 else { return }
      logger.notice("ended what an earlier leader had begun", metadata: ["sessions": "\(ended)"])
    } catch {
      // Sessions of another login, perhaps: its rows are waited for.
      logger.notice(
        "sessions of an earlier leader could not be ended",
        metadata: [LoggingKeys.error: "\(error)"]
      )
    }
  }

  /// 256 random bits: nobody guesses them while a term lasts.
  private static func makeSecret() -> String {
    (0..<4).map { _ in String(UInt64.random(in: 0...UInt64.max), radix: 16) }.joined(separator: "-")
  }
}
