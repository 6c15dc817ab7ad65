internal import DequeModule
package import EventLogCore

/// What a relay does next: reads the log from its cursor and publishes each event once.
///
/// Pure. `tails` is folded over everything that is read, published or not, so `previous` does not
/// depend on what was sent. The cursor passes only positions that were settled or skipped (M8).
package struct RelayCore: Sendable {
  package enum Input: Sendable {
    case head(GlobalPosition)
    /// What follows the last read position.
    case page([RecordedEvent], scannedTo: GlobalPosition, head: GlobalPosition)
    case readFailed
    case settlement(Settlement)
  }

  package enum Action: Sendable {
    case awaitHead(beyond: GlobalPosition)
    case read(after: GlobalPosition)
    case publish([FeedMessage])
    /// Everything up to these tails was published.
    case announce(Tails)
    /// The log did not answer: wait before the next try.
    case pause
  }

  package struct Counters: Hashable, Sendable {
    package var stored = 0
    package var refused = 0
    package var unrouted = 0
    package var skipped = 0
    package init() {}
  }

  /// Everything at or below is settled, or was skipped on purpose.
  package private(set) var cursor: GlobalPosition
  /// Folded up to what was read.
  package private(set) var tails: Tails
  package private(set) var counters = Counters()
  package private(set) var isBlocked = false

  private let log: EventID
  /// Published or about to be, in position order; kept until settled, to publish again if lost.
  private var unsettled: Deque<FeedMessage> = []
  /// How many of `unsettled`, from its head, were handed to the feed.
  private var sent = 0
  private var settled: Set<GlobalPosition> = []
  private var isReading = true
  private var leapThrough: GlobalPosition?
  private var announced: GlobalPosition

  /// Starts behind `tails.head`.
  package init(log: EventID, tails: Tails) {
    self.log = log
    self.tails = tails
    cursor = tails.head
    announced = tails.head
  }

  /// The first action; each further input answers with what follows.
  package func start() -> [Action] { [.awaitHead(beyond: tails.head)] }

  package mutating func on(_ input: Input) -> [Action] {
    switch input {
    case .head(let head):
      isReading = false
      leap(towards: head)
    case .page(let events, let scannedTo, let head):
      isReading = false
      for event in events { take(event) }
      tails.advance(to: scannedTo)
      leap(towards: head)
    case .readFailed:
      isReading = true
      return [.pause, .awaitHead(beyond: tails.head)]
    case .settlement(let settlement): settle(settlement)
    }
    advanceCursor()
    return next(isHeadKnown: isHeadBehind(input))
  }

  /// Whether the last read showed the end of the log.
  private func isHeadBehind(_ input: Input) -> Bool {
    if case .page(_, let scannedTo, let head) = input { return scannedTo >= head }
    return false
  }

  private mutating func leap(towards head: GlobalPosition) {
    guard leapThrough == nil, head > tails.head,
      head.number - tails.head.number > MessagingLimits.relayFarBehind
    else { return }
    leapThrough = GlobalPosition(head.number - MessagingLimits.relayLeapDistance)
  }

  private mutating func take(_ event: RecordedEvent) {
    let key = RoutingKey(of: event)
    let position = event.position
    let previous = tails.fold(key, at: position)
    if let leapThrough, position <= leapThrough {
      counters.skipped += 1
      return
    }
    leapThrough = nil
    unsettled.append(
      FeedMessage(
        key: key,
        log: log,
        position: position,
        previous: previous,
        event: event
      )
    )
  }

  private mutating func settle(_ settlement: Settlement) {
    switch settlement {
    case .settled(let positions, let how):
      settled.formUnion(positions)
      switch how {
      case .stored: counters.stored += positions.count
      case .refused: counters.refused += positions.count
      case .unrouted: counters.unrouted += positions.count
      }
    case .blocked: isBlocked = true
    case .unblocked: isBlocked = false
    case .lost: sent = 0
    }
  }

  private mutating func advanceCursor() {
    while sent > 0, let first = unsettled.first, settled.remove(first.position) != nil {
      unsettled.removeFirst()
      sent -= 1
    }
    if let first = unsettled.first {
      cursor = max(cursor, GlobalPosition(first.position.number - 1))
    } else {
      cursor = max(cursor, tails.head)
      settled = []
    }
  }

  private mutating func next(isHeadKnown: Bool) -> [Action] {
    var actions: [Action] = []
    if !isBlocked, sent < min(unsettled.count, MessagingLimits.relayWindow) {
      let end = min(unsettled.count, MessagingLimits.relayWindow)
      actions.append(.publish(Array(unsettled[sent..<end])))
      sent = end
    }
    if sent == unsettled.count, tails.head > announced {
      announced = tails.head
      actions.append(.announce(tails))
    }
    if !isReading, unsettled.count <= MessagingLimits.relayWindow {
      isReading = true
      actions.append(
        isHeadKnown ? .awaitHead(beyond: tails.head) : .read(after: tails.head)
      )
    }
    return actions
  }
}
