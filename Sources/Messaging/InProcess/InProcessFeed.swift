internal import EventLogCore
public import MessagingCore
internal import Synchronization

/// A feed inside one process: messages go straight into the bounded buffers of lanes.
///
/// Publishing never waits for a consumer: a sink takes what it has room for and lets its oldest
/// go, and the log gives that back (M6). Everything is settled when `publish` returns.
public final class InProcessFeed: FeedEngine {
  private struct Sink {
    let attachment: FeedAttachment
    let subscription: FeedSubscription
    let sink: any FeedSink
  }
  private struct State {
    var sinks: [Sink] = []
    var next: UInt64 = 1
  }
  private let state = Mutex(State())
  private let continuation: AsyncStream<Settlement>.Continuation

  /// What becomes of published messages.
  public let settlements: AsyncStream<Settlement>

  /// Makes a feed without sinks.
  public init() { (settlements, continuation) = AsyncStream.makeStream() }

  deinit { continuation.finish() }

  /// There is nothing to declare.
  public func prepare(_ subscription: FeedSubscription) async throws(FeedError) {}

  /// Hands messages to every sink that asks for one of their categories.
  public func publish(_ messages: [FeedMessage]) async throws(FeedError) {
    let sinks = state.withLock { $0.sinks }
    for sink in sinks
    where messages.contains(where: { sink.subscription.categories.contains($0.key.category) }) {
      sink.sink.deliver(messages)
    }
    continuation.yield(.settled(messages.map(\.position), .stored))
  }

  /// Delivers to `sink` from now on.
  public func attach(
    _ sink: any FeedSink,
    to subscription: FeedSubscription
  ) async throws(FeedError) -> FeedAttachment {
    state.withLock { state in
      let attachment = FeedAttachment(number: state.next)
      state.next += 1
      state.sinks.append(Sink(attachment: attachment, subscription: subscription, sink: sink))
      return attachment
    }
  }

  /// Delivers no more.
  public func detach(_ attachment: FeedAttachment) async {
    state.withLock { $0.sinks.removeAll { $0.attachment == attachment } }
  }

  /// The sinks there are.
  public func census() async throws(FeedError) -> FeedCensus {
    let sinks = state.withLock { $0.sinks }
    return FeedCensus(sinks: Dictionary(grouping: sinks, by: \.subscription).mapValues(\.count))
  }
}
