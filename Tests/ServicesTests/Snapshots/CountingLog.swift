import EventLogConformance
import EventLogCore
import Synchronization

/// A log that counts the events it hands out from streams.
final class CountingLog: EngineWrapper {
  let base: any EventLogEngine
  private let counted = Mutex(0)

  init(_ base: any EventLogEngine) { self.base = base }

  /// Events read from streams since the last time it was asked.
  func takeCount() -> Int {
    counted.withLock { count in
      defer { count = 0 }
      return count
    }
  }

  func read(
    _ stream: StreamName,
    from: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    let page = try await base.read(stream, from: from, direction: direction, limit: limit)
    counted.withLock { $0 += page.events.count }
    return page
  }
}
