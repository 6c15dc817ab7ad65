public import EventLogCore

/// An engine in front of another one, for tests: what it does not say itself, that one does.
public protocol EngineWrapper: EventLogEngine {
  /// The engine behind.
  var base: any EventLogEngine { get }
}

extension EngineWrapper {
  /// Which log the engine behind is.
  public var identity: LogIdentity { base.identity }

  /// Whether the engine behind takes the log's own events.
  public var takesReserved: Bool { base.takesReserved }

  /// Appends to the engine behind.
  public func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    try await base.append(request)
  }

  /// Reads a stream of the engine behind.
  public func read(
    _ stream: StreamName,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try await base.read(stream, from: revision, direction: direction, limit: limit)
  }

  /// Reads the log of the engine behind.
  public func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    try await base.readAll(
      after: position,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  /// Reads positions of the engine behind.
  public func places(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> PlacePage {
    try await base.places(
      after: position,
      matching: query,
      direction: direction,
      limit: limit
    )
  }

  /// Reads events at positions of the engine behind.
  public func events(
    at positions: [GlobalPosition]
  ) async throws(EventLogError) -> [RecordedEvent] {
    try await base.events(at: positions)
  }

  /// Looks an id up in the engine behind.
  public func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await base.position(of: id)
  }

  /// Looks a mark up in the engine behind.
  public func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await base.tracking(of: source)
  }

  /// The head of the engine behind.
  public func head(
    beyond position: GlobalPosition?
  ) async throws(EventLogError) -> GlobalPosition {
    try await base.head(beyond: position)
  }

  /// Restores events into the engine behind.
  public func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    try await base.restore(events)
  }

  /// Closes the engine behind.
  public func close() async { await base.close() }
}
