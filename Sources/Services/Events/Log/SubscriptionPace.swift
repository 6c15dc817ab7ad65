internal import EventLogCore

/// The messages of a subscription as its caller's connection has room for them.
///
/// While it catches up, each read brings a page of its own, and takes a place for it. Once it is
/// live it waits for what comes and must not hold a place meanwhile; pages of the tail are shared,
/// but messages made of them are not, so that they wait for room before they are made.
struct SubscriptionPace {
  private var messages: Subscription.Iterator
  private var isCatchingUp = true

  init(_ messages: Subscription) { self.messages = messages.makeAsyncIterator() }

  /// The next message.
  mutating func next() async throws -> SubscriptionMessage? {
    let message =
      if isCatchingUp {
        try await CallScope.reading { try await messages.next() }
      } else {
        try await messages.next()
      }
    switch message {
    case .caughtUp?: isCatchingUp = false
    case .fellBehind?: isCatchingUp = true
    case .events?: if !isCatchingUp { try await CallScope.current.room?.pass() }
    case .checkpoint?, nil: break
    }
    return message
  }
}
