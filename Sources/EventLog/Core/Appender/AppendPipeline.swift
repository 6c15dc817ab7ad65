internal import Synchronization
internal import WeaveRuntime

// Three threads and one commit in flight:
//
//   call → arrived → admission (cold facts, in batches) → ready → open batch → committer
//                        ↓                                 ↑     (plans what is left, writes, one
//                    searching (conditions that take long) ┘      sync, publishes, answers)
//
// A request that memory can judge goes to `ready` at once: each thread on the way costs it a switch.
// While a commit syncs, the appender fills the open batch on the assumption that it succeeds: the sync
// itself is what gathers a batch. Where it is slow, a short wait behind it joins those it answered
// (see CallerGathering). Between two commits the committer takes the open batch and plans what came
// since: to wait for another thread there would cost every caller two switches. Only one of the two
// has the open batch in hands, so requests are planned in one order. Answers, refusals too, are given
// by the committer in that order, so that none speaks of a commit that may fail.

/// The single appender of a log: its queue, its threads and their order.
final class AppendPipeline: Sendable {
  struct Entry: Sendable {
    let ticket: AppendTicket
    let prepared: PreparedRequest
    let cost: Int
    /// What its condition costs, if that is a large one.
    let largeCost: Int
    var facts: ColdFacts?
    /// The search for its condition in the store, once one was needed.
    var search: ConditionSearch?
  }

  /// A batch and the answers to its requests.
  ///
  /// One object, so that who hands it on keeps no copy that the next would have to undo.
  /// `@unchecked Sendable`: in the hands of one thread at a time.
  final class Job: @unchecked Sendable {
    var batch = CommitBatch()
    var answers: [(AppendTicket, AppendTicket.Answer)] = []
    /// Whether the next request no longer fits.
    var isClosed = false
    /// Refusals and repeats count as well: they write nothing, and wait for the commit like others.
    var isFull: Bool {
      isClosed || answers.count >= EventLogLimits.requestEvents
        || batch.eventCount >= EventLogLimits.requestEvents
        || batch.byteCount >= EventLogLimits.requestBytes
    }
  }

  struct State: Sendable {
    var arrived: [Entry] = []
    var ready: [Entry] = []
    /// Entries whose conditions take long to search for; they take turns.
    var searching: [Entry] = []
    /// Entries in the hands of a thread.
    var inHands = 0
    var waitingRequests = 0
    var waitingBytes = 0
    var waitingEvents = 0
    /// Bytes of the large conditions among them.
    var waitingLargeBytes = 0
    /// The batch that is filled; nil while the appender or the committer has it in hands.
    var open: Job? = Job()
    /// How many requests were in it when it was last laid down.
    var openCallers = 0
    /// Whether the committer has a batch, or waits for callers behind one, so that the appender is
    /// to plan ahead.
    var isCommitting = false
    /// How many callers end the committer's wait for them, while it waits.
    var awaited: Int?
    var isClosing = false
    /// What ended the engine (law L44).
    var failure: String?
    /// Nothing is planned any more.
    var hasEndedPlanning = false
    var hasEnded = false
    var closers: [UnsafeContinuation<Void, Never>] = []
    /// Events per second, smoothed over the last commits.
    var rate: Double = 10_000

    /// The batch and what waits to be planned into it, if one of them is there and nobody has the
    /// batch in hands.
    mutating func takeOpen() -> (open: Job, entries: [Entry])? {
      guard let open, !open.answers.isEmpty || !ready.isEmpty else { return nil }
      self.open = nil
      guard !open.isFull else { return (open, []) }
      let entries = ready
      ready = []
      inHands += entries.count
      return (open, entries)
    }

    /// Callers whose requests are not in a commit yet.
    var waitingCallers: Int {
      arrived.count + ready.count + searching.count + inHands + openCallers
    }

    /// Whether the committer need wait no longer for callers.
    var hasGathered: Bool {
      guard let awaited else { return true }
      return isClosing || open?.isFull ?? false || waitingCallers >= awaited
    }

    /// Whether nothing is left to be planned and nothing more comes.
    var isDone: Bool {
      guard let open else { return false }
      return isClosing && arrived.isEmpty && ready.isEmpty && searching.isEmpty && inHands == 0
        && open.answers.isEmpty
    }

    /// Why nothing more is taken; nil while it is.
    var refusal: EventLogError? {
      if isClosing { return .closed }
      return failure.map { AppendPipeline.ended(by: $0) }
    }

    /// Takes an entry off the queue that is not planned.
    mutating func leave(_ entry: Entry) {
      waitingRequests -= 1
      waitingBytes -= entry.cost
      waitingEvents -= entry.prepared.events.count
      waitingLargeBytes -= entry.largeCost
    }
  }

  enum Signal {
    static let admission = 0
    static let appender = 1
    static let committer = 2
    static let search = 3
  }

  let monitor = Monitor(State(), conditions: 4)
  let planner: Mutex<CommitPlanner>
  let storage: any LogStorage
  let published: PublishedHead
  let recent = RecentEvents()
  let clock: @Sendable () -> Timestamp

  init(
    storage: any LogStorage,
    opening: LogOpening,
    published: PublishedHead,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.storage = storage
    self.published = published
    self.clock = clock
    planner = Mutex(
      CommitPlanner(head: opening.head.number, lastRecordedAt: opening.lastRecordedAt)
    )
  }

  func start() {
    Thread.start(name: "log-admission") { self.admit() }
    Thread.start(name: "log-appender") { self.planAhead() }
    Thread.start(name: "log-committer") { self.commit() }
    for _ in 0..<Self.searchThreads { Thread.start(name: "log-search") { self.search() } }
  }

  /// Queues a prepared request and waits for its outcome.
  func append(
    _ prepared: consuming PreparedRequest
  ) async throws(EventLogError) -> AppendReceipt {
    let ticket = AppendTicket()
    let request = prepared
    let answer: AppendTicket.Answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        guard ticket.wait(continuation) else { return }
        let refusal = enqueue(
          Entry(
            ticket: ticket,
            prepared: request,
            cost: request.cost,
            largeCost: request.largeCost
          )
        )
        if let refusal { ticket.answer(.failure(refusal)) }
      }
    } onCancel: {
      ticket.cancel()
    }
    return try answer.get()
  }

  /// Requests that wait before the appender is woken during a commit.
  ///
  /// To wake it for each costs more than to plan it; to let all wait would put their planning
  /// between two commits.
  static let requestsToWake = 8
  /// A request of so many bytes takes long enough to plan that it is done at once.
  static let bytesToWake = 16 << 10

  /// The facts that a request needs if memory holds them all; nil if the store must be asked, or if
  /// the planner is at work: whoever calls is not to wait for it.
  private func warmFacts(for request: PreparedRequest) -> ColdFacts? {
    // The head is taken first: facts are true there or later.
    let head = published.value
    guard let questions = planner.withLockIfAvailable({ $0.questions(for: request) }),
      questions.isEmpty
    else { return nil }
    var facts = ColdFacts(head: head.number)
    facts.recentIDs = questions.recentIDs
    return facts
  }

  private func enqueue(_ asked: Entry) -> EventLogError? {
    var entry = asked
    entry.facts = warmFacts(for: asked.prepared)
    let ready = entry
    var signal: Int?
    let refusal: EventLogError? = monitor.withLock { state in
      if let refusal = state.refusal { return refusal }
      let largeBytes = state.waitingLargeBytes + ready.largeCost
      guard
        state.waitingRequests < EventLogLimits.queuedRequests,
        state.waitingRequests == 0
          || state.waitingBytes + ready.cost <= EventLogLimits.queuedBytes,
        ready.largeCost == 0 || largeBytes <= PreparedCondition.costBound
      else { return .overloaded(retryAfter: Self.retryAfter(state)) }
      state.waitingRequests += 1
      state.waitingBytes += ready.cost
      state.waitingEvents += ready.prepared.events.count
      state.waitingLargeBytes = largeBytes
      if ready.facts == nil {
        state.arrived.append(ready)
        signal = Signal.admission
      } else {
        state.ready.append(ready)
        if !state.isCommitting {
          signal = Signal.committer
        } else if state.ready.count % Self.requestsToWake == 0 || ready.cost >= Self.bytesToWake {
          signal = Signal.appender
        } else if state.awaited != nil, state.hasGathered {
          signal = Signal.committer
        }
      }
      return nil
    }
    if let signal { monitor.signal(signal) }
    return refusal
  }

  /// Lets what is queued be written, ends the threads and closes the storage.
  func close() async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let hasEnded = monitor.withLock { state in
        state.isClosing = true
        if !state.hasEnded { state.closers.append(continuation) }
        return state.hasEnded
      }
      if hasEnded { continuation.resume() }
      wakeAll()
    }
  }

  /// Begins to end without waiting, for an engine that was dropped without `close()`.
  func abandon() {
    monitor.withLock { $0.isClosing = true }
    wakeAll()
  }

  func wakeAll() {
    for signal in [Signal.admission, Signal.appender, Signal.committer] { monitor.signal(signal) }
    wakeSearches()
  }

  static func ended(by failure: String) -> EventLogError {
    .unavailable("an earlier write failed (\(failure)); reopen the log")
  }

  /// Waiting events ÷ recent rate, between 10 ms and 2 s.
  static func retryAfter(_ state: State) -> Duration {
    let seconds = Double(state.waitingEvents) / max(state.rate, 1)
    return .milliseconds(Int64(min(max(seconds * 1000, 10), 2000)))
  }
}
