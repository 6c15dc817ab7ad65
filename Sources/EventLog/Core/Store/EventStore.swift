public import Logging

/// The event log as services use it: appends, reads in today's shapes, subscriptions.
///
/// - Shape: a thin value over an engine; copies share the engine.
/// - Errors: `EventLogError`, as the engine says.
/// - Source: laws L31 to L36 for subscriptions; an engine never sees upcasters.
public struct EventStore: Sendable {
  /// The engine underneath, for what needs the bytes as they were written (export, audit).
  public let engine: any EventLogEngine
  /// How events of older shapes are read.
  public let upcasters: Upcasters
  let logger: Logger
  /// Whoever waits for the head waits here.
  let feeds: HeadFeeds
  /// Whoever reads on reads here.
  let pages: SharedPages

  /// Makes a store.
  public init(
    _ engine: any EventLogEngine,
    upcasters: Upcasters = Upcasters(),
    logger: Logger = Logger(label: "wordweave.event-store")
  ) {
    self.engine = engine
    self.upcasters = upcasters
    self.logger = logger
    feeds = HeadFeeds(engine)
    pages = SharedPages(engine)
  }

  /// Which log this is.
  public var identity: LogIdentity { engine.identity }

  /// Writes a request whole or not at all and answers when it is durable.
  ///
  /// A condition that asks for a type also sees events that upcasters turn into that type.
  @discardableResult
  public func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    guard let condition = request.condition, !upcasters.isEmpty else {
      return try await engine.append(request)
    }
    var request = request
    request.condition = AppendCondition(
      failIfMatches: upcasters.widen(condition.failIfMatches),
      after: condition.after
    )
    return try await engine.append(request)
  }

  /// The events of a stream, page by page, up to what is there when the end is reached.
  ///
  /// - from: inclusive; nil means from the first event forward and from the last backward.
  /// - pageLimit: events of one page, 1…4,096.
  public func events(
    in stream: StreamName,
    from: StreamRevision? = nil,
    direction: Direction = .forward,
    pageLimit: Int = EventLogLimits.pageEvents
  ) -> StreamPages {
    StreamPages(
      store: self,
      stream: stream,
      from: from ?? (direction == .forward ? .first : .max),
      direction: direction,
      limit: pageLimit
    )
  }

  /// The events of the whole log, page by page, up to what is there when the end is reached.
  ///
  /// - after: exclusive; nil means the whole log.
  /// - through: the last position of interest going forward; nil means the end.
  /// - pageLimit: events of one page, 1…4,096.
  public func events(
    after: GlobalPosition? = nil,
    through: GlobalPosition? = nil,
    matching query: EventQuery = .all,
    direction: Direction = .forward,
    pageLimit: Int = EventLogLimits.pageEvents
  ) -> LogPages {
    LogPages(
      store: self,
      after: after,
      through: through,
      query: query,
      direction: direction,
      limit: pageLimit
    )
  }

  /// The event at a position; nil if there is none or it was removed.
  public func event(at position: GlobalPosition) async throws(EventLogError) -> RecordedEvent? {
    guard position > .start else { return nil }
    let before = GlobalPosition(position.number - 1)
    let page = try await engine.readAll(after: before, limit: 1)
    guard let event = page.events.first, event.position == position else { return nil }
    return try upcasters.upcast(event)
  }

  /// A checkpoint that also tells which log and which epoch of it the position belongs to.
  public func checkpoint(at position: GlobalPosition) -> LogCheckpoint {
    LogCheckpoint(log: identity.id, epoch: identity.epoch, position: position)
  }

  /// Every matching event after the start, once and ascending: first those that are there, then
  /// those that come.
  ///
  /// Nothing runs until the messages are asked for.
  public func subscribe(
    from start: SubscriptionStart,
    matching query: EventQuery = .all,
    settings: SubscriptionSettings = SubscriptionSettings()
  ) -> Subscription {
    Subscription(store: self, start: start, query: query, settings: settings)
  }

  func read(
    after: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    let page = try await engine.readAll(
      after: after,
      matching: upcasters.widen(query),
      direction: direction,
      limit: limit
    )
    return try upcasters.upcast(page, matching: query)
  }
}
