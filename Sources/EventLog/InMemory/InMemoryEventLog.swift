public import EventLogCore

/// An event log in memory: every law but those of persistence, for tests and trials.
///
/// It runs the same appender as the embedded engine, over dictionaries.
public final class InMemoryEventLog: EventLogEngine {
  private let log: PipelinedEventLog

  /// Makes an empty log.
  ///
  /// - Parameter clock: what `recordedAt` is taken from.
  public init(clock: @escaping @Sendable () -> Timestamp = { .now }) {
    let identity = LogIdentity(id: .make(), epoch: 1)
    log = PipelinedEventLog(
      storage: InMemoryStorage(),
      opening: LogOpening(identity: identity, head: .start, lastRecordedAt: Self.noTime),
      readThreads: 2,
      clock: clock
    )
  }

  private static let noTime = Timestamp(microseconds: .min)

  /// Which log this is.
  public var identity: LogIdentity { log.identity }

  /// Writes a request whole or not at all.
  public func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    try await log.append(request)
  }

  /// Reads one page of a stream.
  public func read(
    _ stream: StreamName,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try await log.read(stream, from: revision, direction: direction, limit: limit)
  }

  /// Reads one page of the whole log.
  public func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    try await log.readAll(
      after: position,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  /// Reads one page of the positions at which events may match.
  public func places(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> PlacePage {
    try await log.places(
      after: position,
      matching: query,
      direction: direction,
      limit: limit
    )
  }

  /// Reads the events at some positions, in their order.
  public func events(
    at positions: [GlobalPosition]
  ) async throws(EventLogError) -> [RecordedEvent] {
    try await log.events(at: positions)
  }

  /// The position of the event that bears this id.
  public func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await log.position(of: id)
  }

  /// The recorded mark of a source.
  public func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await log.tracking(of: source)
  }

  /// The published head; with `beyond` suspends until the head is greater than it.
  public func head(
    beyond position: GlobalPosition?
  ) async throws(EventLogError) -> GlobalPosition {
    try await log.head(beyond: position)
  }

  /// Writes events of an export at their own positions.
  public func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    try await log.restore(events)
  }

  /// Ends the engine; its events are gone with it.
  public func close() async { await log.close() }
}
