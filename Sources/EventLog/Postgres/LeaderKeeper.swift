internal import EventLogCore
internal import Logging
internal import PostgresDriver
internal import Synchronization
internal import WeaveRuntime

/// One process's part in who leads: a thread with a session of its own, which looks at
/// `log_head`, takes it over when it is vacant, renews the lease, and says and hears that the head
/// moved.
///
/// Safety is the fence's; this only decides who tries. While its session is lost, a leader goes on
/// to write as long as its fence holds.
final class LeaderKeeper: Sendable {
  /// What the keeper tells its engine.
  struct Hooks: Sendable {
    /// The log was taken over; answers the term that begins.
    let lead: @Sendable (LogHead) -> CommitWriter
    /// Another leads, or nobody; the log is as `LogHead` says.
    let follow: @Sendable (LogHead) -> Void
    /// The lease could not be looked after, for this reason.
    let suffer: @Sendable (String) -> Void
  }

  private struct State: Sendable {
    var term: CommitWriter?
    /// Where others reach this process.
    var address: String
    /// Whether the others are to be told an address at once.
    var isAddressNew = false
    var isStopping = false
    var hasStopped = false
    var closers: [UnsafeContinuation<Void, Never>] = []
    /// Until when this process leaves the lead to others.
    var standsBackUntil: ContinuousClock.Instant?
  }

  private let settings: PostgresSettings
  private let channel: String
  private let times: LeaseTimes
  private let hooks: Hooks
  private let logger: Logger
  private let wake = PostgresWake()
  /// Rung by nobody.
  private let pause = PostgresWake()
  private let state: Mutex<State>
  /// The head that others are to be told of; 0 when they were.
  private let announced = Atomic<UInt64>(0)

  init(
    _ settings: PostgresSettings,
    channel: String,
    address: String,
    times: LeaseTimes,
    logger: Logger,
    hooks: Hooks
  ) {
    self.settings = settings
    self.channel = channel
    state = Mutex(State(address: address))
    self.times = times
    self.logger = logger
    self.hooks = hooks
  }

  /// Looks for the first time, and takes the log over if it is vacant; then goes on by itself.
  func start(startingEpoch: Bool) throws(PostgresError) -> LogHead {
    let session = try connect()
    var head = try look(session)
    if head.isVacant, let taken = try takeOver(head, session, startsEpoch: startingEpoch) {
      head = taken
    } else {
      head = try look(session)
      hooks.follow(head)
    }
    Thread.start(name: "log-leader") { self.run(session) }
    return head
  }

  /// Others learn of the head soon; a hint, they look anyway.
  func announce(_ head: UInt64) {
    announced.store(head, ordering: .releasing)
    wake.ring()
  }

  /// Says where others reach this process from now on.
  func advertise(_ address: String) {
    state.withLock { state in
      state.address = address
      state.isAddressNew = true
    }
    wake.ring()
  }

  /// Looks at once instead of at the next turn.
  func hurry() { wake.ring() }

  /// Gives the lead back and leaves it to others for the time of a lease.
  func standBack() {
    state.withLock { $0.standsBackUntil = .now + times.lease }
    wake.ring()
  }

  private var isStandingBack: Bool {
    state.withLock { state in state.standsBackUntil.map { $0 > .now } ?? false }
  }

  /// Gives the lead back and ends.
  func stop() async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let hasStopped = state.withLock { state in
        state.isStopping = true
        if !state.hasStopped { state.closers.append(continuation) }
        return state.hasStopped
      }
      if hasStopped { continuation.resume() }
      wake.ring()
    }
  }

  /// Ends without waiting, for an engine that was dropped.
  func abandon() {
    state.withLock { $0.isStopping = true }
    wake.ring()
  }

  // MARK: the thread

  private func run(_ first: PostgresSession) {
    var session: PostgresSession? = first
    var failures = 0
    let backoff = Backoff(base: .milliseconds(50), cap: .seconds(1))
    var next = ContinuousClock.now
    while !state.withLock({ $0.isStopping }) {
      do throws(PostgresError) {
        let live: PostgresSession
        if let session, session.isOpen { live = session } else { live = try connect() }
        session = live
        if ContinuousClock.now >= next || !isLeading || isAddressNew || isStandingBack {
          next = ContinuousClock.now + (try turn(live))
        }
        failures = 0
        let heard = try live.waitForNotifications(for: patience(until: next), or: wake)
        let hasSaid = try say(live)
        if isLeading, heard.contains(where: { $0.process != live.process }) {
          // Somebody else announces heads: look whether this still leads.
          next = ContinuousClock.now
        }
        if hasSaid { pause.wait(for: Self.announcementPace) }
      } catch {
        failures += 1
        if session?.isInTransaction ?? false || error.endsConnection { session?.close() }
        // Told once: it is tried again every second, for as long as it takes.
        logger.log(
          level: failures == 1 ? .notice : .debug,
          "the log's lease could not be looked after",
          metadata: [LoggingKeys.error: "\(error)"]
        )
        hooks.suffer("\(error)")
        next = ContinuousClock.now
        wake.wait(for: backoff.ceiling(attempt: failures))
      }
    }
    release(session)
    finish()
  }

  private func patience(until next: ContinuousClock.Instant) -> Duration {
    max(.milliseconds(1), min(next - ContinuousClock.now, times.poll))
  }

  private var isAddressNew: Bool { state.withLock { $0.isAddressNew } }

  private var isLeading: Bool { state.withLock { $0.term.map { !$0.isOver } ?? false } }

  private func connect() throws(PostgresError) -> PostgresSession {
    let session = try PostgresSession.connect(settings)
    try session.listen(to: channel)
    return session
  }

  private func look(_ session: PostgresSession) throws(PostgresError) -> LogHead {
    try LogHead(try session.run(LogHeadStatements.look(.int8(times.overdue.milliseconds))))
  }

  /// One look, and what follows from it; answers when the next one is due.
  private func turn(_ session: PostgresSession) throws(PostgresError) -> Duration {
    if let term = state.withLock({ $0.term }) {
      if isStandingBack {
        try session.run(LogHeadStatements.release(.text(term.token)))
      } else if !term.isOver, try renew(term, session) {
        return times.renewal
      }
      term.end()
      state.withLock { $0.term = nil }
    }
    let head = try look(session)
    // A term of this process that ended by a failure left its lease behind: it is not waited for.
    let isOwn = lastToken.withLock { $0 } == head.holder && !head.holder.isEmpty
    if head.isVacant || isOwn, !isStandingBack,
      try takeOver(head, session, startsEpoch: false) != nil
    {
      return times.renewal
    }
    let now = try look(session)
    hooks.follow(now)
    // A holder that is gone can be replaced once its renewal is overdue, which is then looked at.
    let lease = Duration.milliseconds(now.leaseMilliseconds)
    return min(times.poll, max(Self.shortestWait, lease - times.overdue))
  }

  /// Between looks at a lease whose holder may turn out to be gone at any moment.
  private static let shortestWait = Duration.milliseconds(200)

  private let lastToken = Mutex("")

  private func renew(
    _ term: CommitWriter,
    _ session: PostgresSession
  ) throws(PostgresError) -> Bool {
    let (address, isNew) = state.withLock { state in
      defer { state.isAddressNew = false }
      return (state.address, state.isAddressNew)
    }
    let rows = try session.run(
      LogHeadStatements.renew(
        .text(term.token),
        .int8(times.lease.milliseconds),
        .text(address)
      )
    )
    // The others look when they hear something.
    if isNew { try session.notify(channel, address) }
    return rows.changed == 1
  }

  /// Tries to lead; nil if another was faster.
  private func takeOver(
    _ seen: LogHead,
    _ session: PostgresSession,
    startsEpoch: Bool
  ) throws(PostgresError) -> LogHead? {
    let token = "\(EventID.make())"
    let address = state.withLock { state in
      state.isAddressNew = false
      return state.address
    }
    let rows = try session.run(
      LogHeadStatements.takeOver(
        .int8(times.overdue.milliseconds),
        .int8(seen.leaderEpoch),
        .int8(seen.renewals),
        .text(token),
        .text(address),
        .int8(times.lease.milliseconds),
        .bool(startsEpoch),
        .text(Self.makeSecret())
      )
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
    logger.info("this process leads the log", metadata: [LoggingKeys.head: "\(taken.head)"])
    lastToken.withLock { $0 = token }
    endLeftovers()
    let term = hooks.lead(taken)
    state.withLock { $0.term = term }
    return taken
  }

  /// Ends what earlier leaders left in the middle of a commit, which could not be committed any more.
  ///
  /// The rows of a leader that is stopped while it copies stand in the way of the next one's: its
  /// session waits for the rest of them, which no timer of the server ends.
  private func endLeftovers() {
    do throws(PostgresError) {
      // As the login, whose sessions these are; the role of the log may end none.
      var settings = settings
      settings.parameters["role"] = nil
      let session = try PostgresSession.connect(settings)
      defer { session.close() }
      let ended = try session.run(LogHeadStatements.endLeftovers()).integer(0, 0) ?? 0
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

  /// At least so long from one announcement to the next.
  ///
  /// An announcement costs the server two transactions, its sender's and its hearers'. For each of a
  /// thousand commits a second they took a twentieth of both cores.
  private static let announcementPace = Duration.milliseconds(2)

  /// Announces the head if it moved; answers whether it did.
  private func say(_ session: PostgresSession) throws(PostgresError) -> Bool {
    let head = announced.exchange(0, ordering: .acquiringAndReleasing)
    if head > 0 { try session.notify(channel, "\(head)") }
    return head > 0
  }

  private func release(_ session: PostgresSession?) {
    if let term = state.withLock({ $0.term }), let session, session.isOpen {
      // Nobody waits for a lease that was given back; one that was not ends by itself.
      _ = try? session.run(LogHeadStatements.release(.text(term.token)))
      try? session.notify(channel, "released")
    }
    session?.close()
  }

  private func finish() {
    let closers = state.withLock { state in
      state.hasStopped = true
      state.term = nil
      defer { state.closers = [] }
      return state.closers
    }
    for closer in closers { closer.resume() }
  }
}
