import EventLogCore
import EventLogInMemory
import Synchronization

/// A log in memory that tells how many wait for its head, and how much was read of it.
final class WatchedEngine: EventLogEngine {
  private let base = InMemoryEventLog()
  private let count = Mutex(0)
  private let bytes = Mutex(0)

  var waits: Int { count.withLock { $0 } }
  /// Bytes of all events that reads of the whole log gave.
  var bytesRead: Int { bytes.withLock { $0 } }
  var identity: LogIdentity { base.identity }

  func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    try await base.append(request)
  }

  func read(
    _ stream: StreamName,
    from: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try await base.read(stream, from: from, direction: direction, limit: limit)
  }

  func readAll(
    after: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    let page = try await base.readAll(
      after: after,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
    let read = page.events.reduce(0) { $0 + $1.data.count }
    bytes.withLock { $0 += read }
    return page
  }

  func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await base.position(of: id)
  }

  func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await base.tracking(of: source)
  }

  func head(beyond: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
    guard beyond != nil else { return try await base.head() }
    count.withLock { $0 += 1 }
    defer { count.withLock { $0 -= 1 } }
    return try await base.head(beyond: beyond)
  }

  func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    try await base.restore(events)
  }

  func close() async { await base.close() }
}
