internal import Synchronization
internal import WeaveRuntime

// Three threads and one commit in flight:
//
//   call → arrived → admission (cold facts, in batches) → ready → appender (plans the open batch)
//        → slot → committer (write, one sync, publish, answer)
//
// While a commit syncs, the appender goes on filling the next batch on the assumption that it
// succeeds, and the one after when that is full; the sync itself is what gathers a batch, there is
// no timer. Answers, refusals too,
// are given by the committer in planning order, so that none speaks of a commit that may fail.

/// The single appender of a log: its queue, its threads and their order.
final class AppendPipeline: Sendable {
  struct Entry: Sendable {
    let ticket: AppendTicket
    let prepared: PreparedRequest
    let cost: Int
    var facts: ColdFacts?
  }

  struct Job: Sendable {
    var batch = CommitBatch()
    var answers: [(AppendTicket, AppendTicket.Answer)] = []
    /// Whether the next request no longer fits.
    var isClosed = false
    var isFull: Bool {
      isClosed || batch.eventCount >= EventLogLimits.requestEvents
        || batch.byteCount >= EventLogLimits.requestBytes
    }
  }

  struct State: Sendable {
    var arrived: [Entry] = []
    var ready: [Entry] = []
    /// Entries in the hands of admission or the appender.
    var inHands = 0
    var waitingRequests = 0
    var waitingBytes = 0
    var waitingEvents = 0
    var job: Job?
    var isCommitting = false
    var isClosing = false
    /// What ended the engine (law L44).
    var failure: String?
    var hasAppenderEnded = false
    var hasEnded = false
    var closers: [UnsafeContinuation<Void, Never>] = []
    /// Events per second, smoothed over the last commits.
    var rate: Double = 10_000
  }

  enum Signal {
    static let admission = 0
    static let appender = 1
    static let committer = 2
  }

  let monitor = Monitor(State(), conditions: 3)
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
    Thread.start(name: "log-appender") { self.plan() }
    Thread.start(name: "log-committer") { self.commit() }
  }

  /// Queues a prepared request and waits for its outcome.
  func append(
    _ prepared: consuming PreparedRequest,
    cost: Int
  ) async throws(EventLogError) -> AppendReceipt {
    let ticket = AppendTicket()
    let request = prepared
    let answer: AppendTicket.Answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        guard ticket.wait(continuation) else { return }
        let refusal = enqueue(Entry(ticket: ticket, prepared: request, cost: cost))
        if let refusal { ticket.answer(.failure(refusal)) }
      }
    } onCancel: {
      ticket.cancel()
    }
    return try answer.get()
  }

  private func enqueue(_ entry: Entry) -> EventLogError? {
    let refusal: EventLogError? = monitor.withLock { state in
      if state.isClosing { return .closed }
      if let failure = state.failure { return Self.ended(by: failure) }
      guard
        state.waitingRequests < EventLogLimits.queuedRequests,
        state.waitingRequests == 0
          || state.waitingBytes + entry.cost <= EventLogLimits.queuedBytes
      else { return .overloaded(retryAfter: Self.retryAfter(state)) }
      state.waitingRequests += 1
      state.waitingBytes += entry.cost
      state.waitingEvents += entry.prepared.events.count
      state.arrived.append(entry)
      return nil
    }
    if refusal == nil { monitor.signal(Signal.admission) }
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
  }

  static func ended(by failure: String) -> EventLogError {
    .unavailable("an earlier write failed (\(failure)); reopen the log")
  }

  /// Waiting events ÷ recent rate, between 10 ms and 2 s.
  private static func retryAfter(_ state: State) -> Duration {
    let seconds = Double(state.waitingEvents) / max(state.rate, 1)
    return .milliseconds(Int64(min(max(seconds * 1000, 10), 2000)))
  }
}
