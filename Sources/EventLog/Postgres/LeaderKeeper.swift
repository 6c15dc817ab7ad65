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
    /// What the log is to this process, which learns nothing by being asked.
    let judge: @Sendable (LogSight) -> LogSight.Verdict
    /// The log was taken over; answers the term that begins, or nil where the log is not the one that
    /// this process has read.
    let lead: @Sendable (LogSight) -> CommitWriter?
    /// Another leads, or nobody; answers whether the log is the one that this process has read.
    let follow: @Sendable (LogSight) -> Bool
    /// The lease could not be looked after, for this reason.
    let suffer: @Sendable (String) -> Void
  }

  struct State: Sendable {
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
    /// Whether it does for good: it has read what the log does not hold any more, so whatever it
    /// decided would rest on that.
    var hasReadLost = false
  }

  let settings: PostgresSettings
  let channel: String
  /// Whether this process leaves the log to others, also while nobody leads it.
  let onlyFollows: Bool
  let times: LeaseTimes
  let hooks: Hooks
  let logger: Logger
  let known: KnownHead
  let state: Mutex<State>
  /// Names the last term of this process in `log_head`, whether it goes on or not.
  let lastToken = Mutex("")
  private let wake: PostgresWake
  /// The head that others are to be told of; 0 when they were.
  private let announced = Atomic<UInt64>(0)

  init(
    _ settings: PostgresSettings,
    channel: String,
    address: String,
    onlyFollows: Bool,
    known: KnownHead,
    times: LeaseTimes,
    logger: Logger,
    hooks: Hooks
  ) throws(PostgresError) {
    wake = try PostgresWake()
    self.settings = settings
    self.channel = channel
    self.onlyFollows = onlyFollows
    self.known = known
    state = Mutex(State(address: address))
    self.times = times
    self.logger = logger
    self.hooks = hooks
  }

  /// Looks for the first time, and takes the log over if it is vacant and not to be left to others;
  /// then goes on by itself.
  ///
  /// - Throws: also where an epoch is to start and another leads. To go on without it would give
  ///   events of a backup for those that consumers have handled.
  func start(startingEpoch: Bool) throws(PostgresError) -> LogHead {
    let session = try connect()
    var head = try look(session).head
    if !onlyFollows, head.isVacant,
      let taken = try takeOver(head, session, startsEpoch: startingEpoch)
    {
      head = taken
    } else if startingEpoch {
      throw PostgresError(
        .unexpected,
        attempt: "start an epoch of the log",
        found: "another process leads it: stop that one first"
      )
    } else {
      head = follow(try look(session))
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
    state.withLock { state in
      state.hasReadLost || state.standsBackUntil.map { $0 > .now } ?? false
    }
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
        if hasSaid { Thread.sleep(for: Self.announcementPace) }
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

  private func look(_ session: PostgresSession) throws(PostgresError) -> LogSight {
    let known = known.number
    let rows = try session.run(LogHeadStatements.look(.int8(times.overdue.milliseconds)))
    return LogSight(head: try LogHead(rows), known: known)
  }

  /// One look, and what follows from it; answers when the next one is due.
  private func turn(_ session: PostgresSession) throws(PostgresError) -> Duration {
    if let term = state.withLock({ $0.term }) {
      if isStandingBack {
        try giveBack(term.token, over: session)
      } else if !term.isOver, try renew(term, session) {
        return times.renewal
      }
      term.end()
      state.withLock { $0.term = nil }
    }
    let sight = try look(session)
    let head = sight.head
    // A term of this process that ended by a failure left its lease behind: it is not waited for.
    let isOwn = lastToken.withLock { $0 } == head.holder && !head.holder.isEmpty
    switch hooks.judge(sight) {
    // What was lost ends what this process reads; the tables are for those to change who may lead.
    case _ where onlyFollows: return wait(behind: follow(sight))
    // Whoever knows says so at once, and whoever leads: later the head may have outgrown it.
    case .wentBack: try startEpoch(behind: sight, session)
    case _ where isStandingBack: if isOwn { try giveBack(head.holder, over: session) }
    case .same where head.isVacant || isOwn:
      if try takeOver(head, session, startsEpoch: false) != nil { return times.renewal }
    // Nothing was done: what was seen is so.
    case .same, .other: return wait(behind: follow(sight))
    }
    return wait(behind: follow(try look(session)))
  }

  /// How long to wait for the next look.
  private func wait(behind head: LogHead) -> Duration {
    // A holder that is gone can be replaced once its renewal is overdue, which is then looked at.
    let lease = Duration.milliseconds(head.leaseMilliseconds)
    return min(times.poll, max(Self.shortestWait, lease - times.overdue))
  }

  /// Tells the engine that another leads, or nobody.
  private func follow(_ sight: LogSight) -> LogHead {
    if !hooks.follow(sight) { leaveForGood() }
    return sight.head
  }

  /// Between looks at a lease whose holder may turn out to be gone at any moment.
  private static let shortestWait = Duration.milliseconds(200)

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
      try? giveBack(term.token, over: session)
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
