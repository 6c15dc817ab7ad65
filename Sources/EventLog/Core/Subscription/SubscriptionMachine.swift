// The phases of a subscription (laws L31 to L36), without IO.
//
//   catchingUp ──page reaches the end: caughtUp──► live ──nothing more──► (wait) ──head moved──► live
//        ▲                                          │
//        └──── more waits than may wait: fellBehind ┘
//
// The log itself is the buffer: a consumer holds the one page it was given, and what it has not
// asked for stays in the log. "More waits than may wait" is therefore counted in pages read in a
// row while live without reaching the end, which is what a buffer would have had to hold.

/// What a subscription does next; the shell performs it.
package struct SubscriptionMachine: Sendable {
  package enum Action: Sendable {
    /// Hand a message to the consumer.
    case deliver(SubscriptionMessage)
    /// Read the page after a position, then call `didRead`.
    case read(after: GlobalPosition)
    /// Wait until the head is beyond a position or a checkpoint is due, then `didWait`.
    case wait(beyond: GlobalPosition)
  }

  private enum Phase: Sendable {
    case catchingUp
    case live
  }

  /// Everything up to here was read and delivered, or stands in `outbox`.
  package private(set) var position: GlobalPosition
  /// The highest head seen.
  package private(set) var head: GlobalPosition = .start

  private let settings: SubscriptionSettings
  private var phase = Phase.catchingUp
  // At most a page and a change of phase, in the order of delivery.
  private var outbox: [SubscriptionMessage] = []
  private var waitingPages = 0
  private var waitingBytes = 0
  // The last position told, and when.
  private var told: GlobalPosition
  private var toldAt: ContinuousClock.Instant

  package init(
    after position: GlobalPosition,
    settings: SubscriptionSettings,
    now: ContinuousClock.Instant
  ) {
    self.position = position
    self.settings = settings
    told = position
    toldAt = now
  }

  /// What to do now.
  ///
  /// Asking twice without performing gives the next message, else the same action.
  package mutating func next(now: ContinuousClock.Instant) -> Action {
    if outbox.isEmpty { tellCheckpoint(now: now) }
    if !outbox.isEmpty {
      let message = outbox.removeFirst()
      told = message.position
      toldAt = now
      return .deliver(message)
    }
    switch phase {
    case .catchingUp: return .read(after: position)
    case .live: return head > position ? .read(after: position) : .wait(beyond: position)
    }
  }

  /// Takes the page that was read after `position`.
  package mutating func didRead(_ page: EventPage) {
    head = max(head, page.head)
    // A start beyond the head stays where it is until the log gets there.
    position = max(position, page.scannedTo)
    if !page.events.isEmpty { outbox.append(.events(page)) }
    switch phase {
    case .catchingUp:
      guard page.isEnd else { return }
      phase = .live
      outbox.append(.caughtUp(position))
      waitingPages = 0
      waitingBytes = 0
    case .live:
      guard !page.isEnd else {
        waitingPages = 0
        waitingBytes = 0
        return
      }
      waitingPages += 1
      waitingBytes += page.events.reduce(0) { $0 + $1.storedBytes }
      let fits = waitingPages < settings.behindPages && waitingBytes < settings.behindBytes
      guard !fits else { return }
      phase = .catchingUp
      outbox.append(.fellBehind(position))
    }
  }

  /// Takes the head as it was when the wait ended, whether it moved or not.
  package mutating func didWait(head: GlobalPosition) { self.head = max(self.head, head) }

  /// When a position that matches nothing is to be told at the latest; nil if there is none.
  package var checkpointDue: ContinuousClock.Instant? {
    position > told ? toldAt + settings.checkpointInterval : nil
  }

  private mutating func tellCheckpoint(now: ContinuousClock.Instant) {
    guard position > told else { return }
    let isFar = position.number - told.number >= settings.checkpointPositions
    guard isFar || now - toldAt >= settings.checkpointInterval else { return }
    outbox.append(.checkpoint(position))
  }
}

extension RecordedEvent {
  /// How many bytes the log stores for the event.
  var storedBytes: Int { withEnvelope { $0.count } }
}
