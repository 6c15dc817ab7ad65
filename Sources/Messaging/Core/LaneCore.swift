internal import DequeModule
package import EventLogCore
internal import WeaveRuntime

/// What a lane does next: pure, so that every interleaving can be tested without a store.
///
/// One piece of work is in flight at a time; its outcome is the next input. Everything at or
/// behind `checkpoint.mark(of:)` of a category is handled or parked. Randomness is a seed.
package struct LaneCore: Sendable {
  package enum Input: Sendable {
    case opened(Checkpoint, parked: [ParkedStream], head: GlobalPosition)
    case delivered([FeedMessage])
    /// Tails from whoever publishes: they tell how far nothing is missing, never that it is.
    case told(Tails)
    /// Tails from the head probe.
    case probed(Tails)
    /// Time passed.
    case ticked
    case wished(StreamName)
    case stop
    // Outcomes of work:
    case read(FeedPage)
    case applied(count: Int, rows: [ParkedStream])
    case failed(at: Int, LaneFailure)
    case parked(ParkedStream)
    case parkRefused
    case waiting([RecordedEvent])
    case redriven(ParkedStream?)
    case noted(ParkedStream?)
    case saved
    /// Nothing was done.
    case outage(String)
    /// Whether the transaction was committed is not known: the rows must be read again.
    case storeFailed(String)
    case foreignLog
    case fenced
  }

  package enum Action: Sendable {
    case perform(LaneWork)
    /// Everything of the lane at or below is handled or parked; never goes back.
    case reached(GlobalPosition)
    case changed(LaneState)
    /// How many parked streams were let go.
    case unparked
    /// No work follows.
    case finished
  }

  package struct Counters: Hashable, Sendable {
    package var dropped = 0
    package var holes = 0
    package var healedByProbe = 0
    package var parked = 0
    package var redriven = 0
    package var outages = 0
    package init() {}
  }

  package let lane: LaneID
  package let categories: Set<Category>
  package internal(set) var checkpoint: Checkpoint
  package internal(set) var parked: [StreamName: ParkedStream] = [:]
  package internal(set) var state = LaneState.opening
  package internal(set) var counters = Counters()

  let query: EventQuery
  var random: SeededRandom
  /// What the store has of `checkpoint`, and when it was written.
  var stored: Checkpoint
  var storedAt = Timestamp(microseconds: 0)
  /// Messages as they came; bounded, lets its head go.
  var buffer: Deque<FeedMessage> = []
  /// Accepted events in order; leave it when they are committed.
  var queue: Deque<LaneEvent> = []
  /// What is handled when the queue is; nil if it holds live events.
  var queueThrough: GlobalPosition?
  var isQueueFromLog = false
  var goal: GlobalPosition?
  var inFlight: LaneWork?
  var solo: Solo?
  var redrive: Redrive?
  var wishes: [StreamName] = []
  var nextDue: Timestamp?
  var batchesSinceRedrive = 0
  var outage: Outage?
  var isFull = false
  /// Whether the handler's bound refused; asked again when time has passed.
  var isRefused = false
  var isOpen = false
  var isStopping = false
  var mustReopen = false
  var isFinished = false
  var awaited: Tails?
  var newest: Tails?
  var probe: Probe?
  var actions: [Action] = []

  /// An event that failed and is handled alone.
  struct Solo: Sendable {
    var position: GlobalPosition
    var failures = 0
    var waited = Duration.zero
    var delay = Duration.zero
    var final: LaneFailure?
  }
  /// The parked stream that is being redriven.
  struct Redrive: Sendable {
    var stream: StreamName
    var events: Deque<RecordedEvent> = []
  }
  struct Outage: Sendable {
    var attempt = 0
    var until: Timestamp?
    var ramp = 0
    var reason = ""
  }
  /// A probe whose tails are not all reached, and the marks as they were at the last look.
  struct Probe: Sendable {
    var tails: Tails
    var marks: [Category: GlobalPosition]
  }

  package init(
    lane: LaneID,
    categories: Set<Category>,
    query: EventQuery,
    log: LogIdentity,
    seed: UInt64
  ) {
    self.lane = lane
    self.categories = categories
    self.query = query
    random = SeededRandom(seed: seed)
    checkpoint = Checkpoint(log: log, floor: .start)
    stored = checkpoint
  }

  package mutating func on(_ input: Input, now: Timestamp) -> [Action] {
    guard !isFinished else { return [] }
    let reached = checkpoint.floor
    take(input, now: now)
    proceed(now: now)
    if checkpoint.floor > reached { actions.append(.reached(checkpoint.floor)) }
    note()
    let result = actions
    actions = []
    return result
  }

  /// Keeps to the log as it is now, before anything that is read in it is taken in.
  ///
  /// A checkpoint of an epoch that ended is good up to that end alone: what is handled since must
  /// be stored as the new epoch's.
  package mutating func follow(_ log: LogIdentity) -> [Action] {
    guard !isFinished, log != checkpoint.log else { return [] }
    if let same = checkpoint.accepted(by: log) {
      checkpoint = same
    } else {
      end(.foreignLog)
    }
    defer { actions = [] }
    return actions
  }

  private mutating func take(_ input: Input, now: Timestamp) {
    switch input {
    case .opened(let checkpoint, let rows, let head):
      open(checkpoint, rows, head, now: now)
    case .delivered(let messages):
      buffer.append(contentsOf: messages)
      while buffer.count > MessagingLimits.laneBuffer {
        buffer.removeFirst()
        counters.dropped += 1
      }
    case .told(let tails): learn(tails)
    case .probed(let tails):
      learn(tails)
      look(at: tails)
      isRefused = false
    case .ticked: isRefused = false
    case .wished(let stream): if parked[stream] != nil { wishes.append(stream) }
    case .stop:
      isStopping = true
      if !isOpen { end(.stopped) }
    case .outage(let reason): fail(reason, now: now)
    case .storeFailed(let reason):
      mustReopen = true
      fail(reason, now: now)
    case .foreignLog: end(.foreignLog)
    case .fenced: end(.fenced)
    case .failed(let index, let failure):
      if case .redrive(let stream, let event?, _) = inFlight.take() {
        redriveFailed(stream, event, failure, now: now)
      } else {
        applyFailed(at: index, failure, now: now)
      }
    case .read, .applied, .parked, .parkRefused, .waiting, .redriven, .noted, .saved:
      let work = inFlight.take()
      finish(work, input, now: now)
    }
  }

  private mutating func finish(_ work: LaneWork?, _ outcome: Input, now: Timestamp) {
    switch (work, outcome) {
    case (_, .read(let page)): accept(page)
    case (.apply(let batch), .applied(let count, let rows)):
      committed(batch, count, rows, now: now)
    case (.park(_, _, let checkpoint), .parked(let row)):
      hasParked(row, with: checkpoint, now: now)
    case (_, .parkRefused):
      isFull = true
      isRefused = true
    case (.readParked(let row), .waiting(let events)): hasRead(events, of: row)
    case (.redrive(let stream, _, _), .redriven(let row)): hasRedriven(stream, row)
    case (.wish(let stream), .noted(nil)): forget(stream)
    case (_, .noted(let row)): if let row { set(row) }
    case (.save(let checkpoint), .saved):
      stored = checkpoint
      storedAt = now
    default: break
    }
  }

  private mutating func open(
    _ checkpoint: Checkpoint,
    _ rows: [ParkedStream],
    _ head: GlobalPosition,
    now: Timestamp
  ) {
    // The log may have begun an epoch since the lane was claimed.
    guard let current = checkpoint.accepted(by: self.checkpoint.log) else {
      return end(.foreignLog)
    }
    // What was queued may be committed or not; the log tells from the stored checkpoint on.
    var through = max(head, goal ?? .start)
    if let last = queue.last { through = max(through, last.event.position) }
    if let queueThrough { through = max(through, queueThrough) }
    queue = []
    queueThrough = nil
    solo = nil
    redrive = nil
    inFlight = nil
    mustReopen = false
    let known = isOpen ? self.checkpoint : current
    self.checkpoint = current
    // What was known to be handled before rows were read again still is.
    self.checkpoint.merge(known)
    stored = checkpoint
    storedAt = now
    parked = Dictionary(rows.map { ($0.stream, $0) }) { first, _ in first }
    wishes = rows.filter(\.isWished).map(\.stream)
    remindOfDue()
    goal = through > self.checkpoint.floor ? through : nil
    isOpen = true
    actions.append(.reached(self.checkpoint.floor))
  }

  /// Chooses the next work, if there is none in flight.
  private mutating func proceed(now: Timestamp) {
    guard isOpen, inFlight == nil, !isFinished else { return }
    advanceByTails()
    if isStopping { return stopNext() }
    if let until = outage?.until {
      guard now >= until else { return }
      outage?.until = nil
    }
    if mustReopen { return perform(.reopen) }
    if isFull, !isRefused, parked.count < Self.resume { isFull = false }
    if redriveNext(now: now) { return }
    if !isFull, liveNext(now: now) { return }
    let isIdleDue = now >= storedAt.advanced(by: MessagingLimits.idleCheckpoint)
    if isIdleDue, checkpoint != stored { perform(.save(checkpoint)) }
  }

  private static let resume = Int(
    Double(MessagingLimits.parkedPerLane) * MessagingLimits.parkedResume
  )

  private mutating func stopNext() {
    if checkpoint != stored, outage == nil, !mustReopen {
      perform(.save(checkpoint))
    } else {
      end(.stopped)
    }
  }

  mutating func perform(_ work: LaneWork) {
    inFlight = work
    actions.append(.perform(work))
  }

  mutating func end(_ last: LaneState) {
    isFinished = true
    inFlight = nil
    buffer = []
    queue = []
    state = last
    actions.append(.changed(last))
    actions.append(.finished)
  }

  private mutating func note() {
    guard !isFinished else { return }
    let current: LaneState =
      if !isOpen {
        .opening
      } else if let outage, outage.until != nil {
        .outage(outage.reason)
      } else if isFull {
        .full
      } else if goal != nil || isQueueFromLog && !queue.isEmpty {
        .catchingUp
      } else {
        .live
      }
    guard current != state else { return }
    state = current
    actions.append(.changed(current))
  }

  /// Pauses after an outage: nothing parks, nothing is skipped, no attempt is counted.
  mutating func fail(_ reason: String, now: Timestamp) {
    inFlight = nil
    counters.outages += 1
    var next = outage ?? Outage()
    next.until = now.advanced(by: RetryPolicy.outage.delay(attempt: next.attempt, using: &random))
    next.attempt += 1
    next.ramp = 0
    next.reason = reason
    outage = next
    if isStopping { end(.stopped) }
  }
}
