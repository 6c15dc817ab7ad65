import EventLogConformance
import EventLogCore
import EventLogInMemory
import Synchronization

/// A log that tells how many wait for its head, and how much was read of it; in memory, unless
/// another one is given.
final class WatchedEngine: EngineWrapper {
  let base: any EventLogEngine
  private let count = Mutex(0)
  private let bytes = Mutex(0)
  private let found = Mutex(0)
  private let foundBytes = Mutex(0)

  init(_ base: any EventLogEngine = InMemoryEventLog()) { self.base = base }

  var waits: Int { count.withLock { $0 } }
  /// Bytes of all events that reads of the whole log gave.
  var bytesRead: Int { bytes.withLock { $0 } }
  /// Events that were read at their positions, and their bytes.
  var eventsFound: Int { found.withLock { $0 } }
  var bytesFound: Int { foundBytes.withLock { $0 } }

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

  func events(
    at positions: [GlobalPosition]
  ) async throws(EventLogError) -> [RecordedEvent] {
    let events = try await base.events(at: positions)
    let read = events.reduce(0) { $0 + $1.data.count }
    found.withLock { $0 += events.count }
    foundBytes.withLock { $0 += read }
    return events
  }

  func head(beyond: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
    guard beyond != nil else { return try await base.head() }
    count.withLock { $0 += 1 }
    defer { count.withLock { $0 -= 1 } }
    return try await base.head(beyond: beyond)
  }
}
