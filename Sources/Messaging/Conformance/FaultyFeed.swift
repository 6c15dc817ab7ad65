internal import EventLogCore
public import MessagingCore
internal import Synchronization

/// A feed that loses, repeats, reorders and holds back what is published to the feed within.
public final class FaultyFeed: FeedEngine {
  /// What happens to the messages of one publish.
  public typealias Fault = @Sendable ([FeedMessage]) -> [FeedMessage]

  private let inner: any FeedEngine
  private let fault = Mutex<Fault?>(nil)
  private let isHeld = Watched(false)

  /// Wraps a feed.
  public init(_ inner: any FeedEngine) { self.inner = inner }

  /// Changes what happens from now on; nil: nothing does.
  public func setFault(_ change: Fault?) { fault.withLock { $0 = change } }

  /// Lets publishing wait, as a broker that is blocked does, or go on.
  public func hold(_ isHeld: Bool) { self.isHeld.update { $0 = isHeld } }

  /// What becomes of published messages; lost ones count as stored, as a broker would say.
  public var settlements: AsyncStream<Settlement> { inner.settlements }
  /// As the feed within.
  public func prepare(_ subscription: FeedSubscription) async throws(FeedError) {
    try await inner.prepare(subscription)
  }
  /// Publishes what the fault leaves.
  public func publish(_ messages: [FeedMessage]) async throws(FeedError) {
    do {
      _ = try await isHeld.wait { !$0 }
    } catch {
      throw FeedError(.cancelled, "publishing was cancelled while the feed was held")
    }
    guard let fault = fault.withLock({ $0 }) else { return try await inner.publish(messages) }
    try await inner.publish(fault(messages))
  }
  /// As the feed within.
  public func attach(
    _ sink: any FeedSink,
    to subscription: FeedSubscription
  ) async throws(FeedError) -> FeedAttachment {
    try await inner.attach(sink, to: subscription)
  }
  /// As the feed within.
  public func detach(_ attachment: FeedAttachment) async { await inner.detach(attachment) }
  /// As the feed within.
  public func census() async throws(FeedError) -> FeedCensus { try await inner.census() }
}
