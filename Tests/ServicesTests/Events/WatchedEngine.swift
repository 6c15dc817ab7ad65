import EventLogConformance
import EventLogCore
import EventLogInMemory
import Synchronization

/// A log in memory that tells how many wait for its head, and how much was read of it.
final class WatchedEngine: EngineWrapper {
  let base: any EventLogEngine = InMemoryEventLog()
  private let count = Mutex(0)
  private let bytes = Mutex(0)

  var waits: Int { count.withLock { $0 } }
  /// Bytes of all events that reads of the whole log gave.
  var bytesRead: Int { bytes.withLock { $0 } }

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

  func head(beyond: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
    guard beyond != nil else { return try await base.head() }
    count.withLock { $0 += 1 }
    defer { count.withLock { $0 -= 1 } }
    return try await base.head(beyond: beyond)
  }
}
