public import EventLogCore

/// Why a feed or its source did not do what it was asked.
public struct FeedError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is; open, so that a new one breaks no caller.
  public struct Code: Hashable, Sendable {
    private let text: String
    /// The feed or the log was closed.
    public static let closed = Code(text: "closed")
    /// The caller was cancelled.
    public static let cancelled = Code(text: "cancelled")
    /// It may work later.
    public static let unavailable = Code(text: "unavailable")
    /// What is declared differs from what is there; never retried.
    public static let misconfigured = Code(text: "misconfigured")
  }

  /// The kind of failure.
  public let code: Code
  /// What was attempted and what was found.
  public let message: String

  /// Makes an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ error: EventLogError) {
    switch error {
    case .closed: self.init(.closed, error.description)
    case .cancelled: self.init(.cancelled, error.description)
    default: self.init(.unavailable, error.description)
    }
  }

  /// The message.
  public var description: String { message }
}

/// What one service asks a feed for.
public struct FeedSubscription: Hashable, Sendable {
  /// The service; on a broker it owns the queues.
  public let service: String
  /// The categories that are wanted.
  public let categories: Set<Category>
  /// The routing epoch.
  public let epoch: Int

  /// Makes a subscription.
  public init(
    service: String,
    categories: Set<Category>,
    epoch: Int = MessagingLimits.firstRoutingEpoch
  ) {
    self.service = service
    self.categories = categories
    self.epoch = epoch
  }
}

/// What happened to messages that were published.
public enum Settlement: Hashable, Sendable {
  /// How a position was settled; none of them is repeated, the log heals what is missing.
  public enum How: Hashable, Sendable {
    /// The feed has it.
    case stored
    /// Some queue refused it.
    case refused
    /// Nobody asks for it.
    case unrouted
  }

  /// These positions need no more care.
  case settled([GlobalPosition], How)
  /// The feed asks to pause.
  case blocked
  /// The feed goes on.
  case unblocked
  /// What was in flight is unknown: publish it again.
  case lost(String)
}

/// Takes what a feed delivers.
///
/// The call never waits: buffers are bounded and drop (M6).
public protocol FeedSink: Sendable {
  /// Hands over messages, in any order, repeated or not.
  func deliver(_ messages: [FeedMessage])
}

/// Names a sink at its feed.
public struct FeedAttachment: Hashable, Sendable {
  let number: UInt64
  /// Makes a name; only engines do.
  public init(number: UInt64) { self.number = number }
}

/// What a feed knows of itself.
public struct FeedCensus: Hashable, Sendable {
  /// The subscriptions and how many sinks each has.
  public let sinks: [FeedSubscription: Int]
  /// Makes a census.
  public init(sinks: [FeedSubscription: Int]) { self.sinks = sinks }
}

/// Carries messages from the relay to lanes: in process, or over a broker.
///
/// - Shape: best effort. A feed may drop, repeat and reorder; lanes heal from the log.
/// - Errors: `.misconfigured` is never retried, everything else is.
/// - Source: laws M1 to M16; `MessagingConformance` holds those that need no broker.
public protocol FeedEngine: Sendable {
  /// Declares what a subscription needs and verifies what is already there.
  func prepare(_ subscription: FeedSubscription) async throws(FeedError)
  /// Takes messages; never waits for a consumer (M6).
  func publish(_ messages: [FeedMessage]) async throws(FeedError)
  /// What becomes of published messages; one reader, the relay.
  var settlements: AsyncStream<Settlement> { get }
  /// Delivers from now on; a feed that loses its connection attaches again by itself.
  func attach(
    _ sink: any FeedSink,
    to subscription: FeedSubscription
  ) async throws(FeedError) -> FeedAttachment
  /// Delivers nothing that is published from now on.
  func detach(_ attachment: FeedAttachment) async
  /// What there is now.
  func census() async throws(FeedError) -> FeedCensus
}

/// What lanes and relay read; there is one implementation, over an event log engine.
public protocol FeedSource: Sendable {
  /// Which log it reads.
  var identity: LogIdentity { get }
  /// The head, at least `atLeast`, and the tails up to it.
  func tails(atLeast: GlobalPosition?) async throws(FeedError) -> Tails
  /// The events of some categories of a partition after a position, in order; waits until the log
  /// shows `through`, looks at `MessagingLimits.catchUpPageEvents` at most.
  func read(
    _ categories: Set<Category>,
    partition: Int,
    after: GlobalPosition,
    through: GlobalPosition
  ) async throws(FeedError) -> FeedPage
  /// The next events of a parked stream, from `from`; empty is the end.
  func read(
    _ stream: StreamName,
    from: StreamRevision,
    limit: Int
  ) async throws(FeedError) -> [RecordedEvent]
  /// The event at a position; nil if the log has none there.
  func event(at position: GlobalPosition) async throws(FeedError) -> RecordedEvent?
}
