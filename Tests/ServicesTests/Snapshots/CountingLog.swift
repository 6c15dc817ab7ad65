import EventLogCore
import Synchronization

/// A log that counts the events it hands out from streams.
final class CountingLog: EventLogEngine {
  private let log: any EventLogEngine
  private let counted = Mutex(0)

  init(_ log: any EventLogEngine) { self.log = log }

  /// Events read from streams since the last time it was asked.
  func takeCount() -> Int {
    counted.withLock { count in
      defer { count = 0 }
      return count
    }
  }

  var identity: LogIdentity { log.identity }

  func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    try await log.append(request)
  }

  func read(
    _ stream: StreamName,
    from: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    let page = try await log.read(stream, from: from, direction: direction, limit: limit)
    counted.withLock { $0 += page.events.count }
    return page
  }

  func readAll(
    after: GlobalPosition?,
    matching: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    try await log.readAll(
      after: after,
      matching: matching,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await log.position(of: id)
  }

  func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await log.tracking(of: source)
  }

  func head(beyond: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
    try await log.head(beyond: beyond)
  }

  func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    try await log.restore(events)
  }

  func close() async { await log.close() }
}
