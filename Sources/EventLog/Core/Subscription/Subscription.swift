internal import Logging
internal import WeaveRuntime

/// Messages of a subscription, made as they are asked for.
///
/// - Shape: each iterator is a subscription of its own. It holds one page and nothing runs
///   between two calls, so a consumer that stalls costs the log and its neighbours nothing.
/// - Errors: `.logEpochChanged` for a checkpoint beyond its epoch, also where that epoch ends while
///   the subscription runs, `.closed` when the log closes, `.cancelled` at once when the task is
///   cancelled, and what a read says. After an error begin again from the last position handled.
/// - Source: laws L31 to L36.
public struct Subscription: AsyncSequence, Sendable {
  /// One message each.
  public typealias Element = SubscriptionMessage
  /// Why the subscription ended.
  public typealias Failure = EventLogError

  let store: EventStore
  let start: SubscriptionStart
  let query: EventQuery
  let settings: SubscriptionSettings

  /// Begins a subscription.
  public func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

  /// A running subscription.
  public struct Iterator: AsyncIteratorProtocol {
    private let subscription: Subscription
    private let clock = ContinuousClock()
    private var machine: SubscriptionMachine?
    /// What is asked for, widened by the types that turn into others; made with the machine.
    private var filter: SubscriptionFilter?
    /// The epoch in which what the checkpoint's consumer has handled was good; nil for other
    /// starts, which name none.
    private var epoch: UInt64?

    init(subscription: Subscription) { self.subscription = subscription }

    /// The next message; suspends until there is one and never ends without an error.
    public mutating func next() async throws(EventLogError) -> SubscriptionMessage? {
      try await next(isolation: nil)
    }

    /// The next message; suspends until there is one and never ends without an error.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(EventLogError) -> SubscriptionMessage? {
      var machine: SubscriptionMachine
      if let running = self.machine { machine = running } else { machine = try await begin() }
      defer { self.machine = machine }
      let filter =
        self.filter
        ?? SubscriptionFilter(subscription.store.upcasters.widen(subscription.query))
      self.filter = filter
      while true {
        if Task.isCancelled { throw .cancelled }
        switch machine.next(now: clock.now) {
        case .deliver(let message):
          return message
        case .read(let after):
          let page = try await read(after: after, head: machine.head, filter)
          try await checkEpoch(handled: after)
          machine.didRead(page)
        case .wait(let beyond):
          machine.didWait(head: try await wait(beyond: beyond, due: machine.checkpointDue))
        }
      }
    }

    private mutating func begin() async throws(EventLogError) -> SubscriptionMachine {
      let engine = subscription.store.engine
      let position: GlobalPosition
      switch subscription.start {
      case .beginning: position = .start
      case .after(let after): position = after
      case .end: position = try await engine.head()
      case .checkpoint(let checkpoint):
        let identity = engine.identity
        try checkpoint.check(against: identity, head: try await engine.head())
        epoch = identity.epoch
        position = checkpoint.position
      }
      return SubscriptionMachine(after: position, settings: subscription.settings, now: clock.now)
    }

    /// Looks again at what was handled before a page, where the log began an epoch since.
    ///
    /// A checkpoint beyond the head is good for as long as nobody has said that its epoch ended
    /// before it: the log would give its positions to other events, and go on behind them.
    private mutating func checkEpoch(handled: GlobalPosition) async throws(EventLogError) {
      let engine = subscription.store.engine
      let identity = engine.identity
      guard let epoch, epoch != identity.epoch else { return }
      let checkpoint = LogCheckpoint(log: identity.id, epoch: epoch, position: handled)
      try checkpoint.check(against: identity, head: try await engine.head())
      self.epoch = identity.epoch
    }

    /// Reads a page; one that does not come is reported and asked for anew.
    private func read(
      after: GlobalPosition,
      head: GlobalPosition,
      _ filter: SubscriptionFilter
    ) async throws(EventLogError) -> EventPage {
      let (store, query) = (subscription.store, subscription.query)
      let settings = subscription.settings
      while true {
        let page = try await deadline(
          settings.stallLimit,
          onExpiry: {
            let stall = SubscriptionSettings.Stall(
              position: after,
              head: head,
              duration: settings.stallLimit
            )
            store.logger.error(
              "A subscription does not move; its read is begun anew",
              metadata: [
                LoggingKeys.position: "\(after)", LoggingKeys.head: "\(head)",
                LoggingKeys.seconds: "\(settings.stallLimit.inSeconds)",
              ]
            )
            settings.onStall?(stall)
          },
          operation: { () throws(EventLogError) -> EventPage in
            let page = try await store.pages.page(
              after: after,
              matching: filter,
              limit: settings.pageLimit,
              head: head
            )
            return try store.upcasters.upcast(page, matching: query)
          }
        )
        if let page { return page }
      }
    }

    /// The head once it is beyond a position, or when there is something to tell without that: a
    /// wake-up is a hint, and one that was lost costs no more than the poll interval.
    private func wait(
      beyond: GlobalPosition,
      due: ContinuousClock.Instant?
    ) async throws(EventLogError) -> GlobalPosition {
      let interval = subscription.settings.pollInterval
      let feed = subscription.store.feeds.feed(pollInterval: interval)
      return try await feed.wait(beyond: beyond, due: due)
    }
  }
}
