import EventLogCore
import EventLogInMemory
import MessagingCore

/// A log in memory that gives so many pages of itself as it is told, and then lets its readers wait
/// or refuses them.
final class RationedLog: EventLogEngine {
  /// What a reader is told who is refused.
  static let outage = EventLogError.unavailable("no page is left")

  private let base = InMemoryEventLog()
  private let pages = Watched(Int.max)
  private let refuses: Bool

  init(refuses: Bool) { self.refuses = refuses }

  /// Gives `count` pages from now on.
  func give(pages count: Int) { pages.update { $0 = count } }

  func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    while !takesPage() {
      if refuses { throw Self.outage }
      guard (try? await pages.wait { $0 > 0 }) != nil else { throw .cancelled }
    }
    return try await base.readAll(
      after: position,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  private func takesPage() -> Bool {
    pages.update { left in
      guard left > 0 else { return false }
      left -= 1
      return true
    }
  }

  var identity: LogIdentity { base.identity }

  func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    try await base.append(request)
  }

  func read(
    _ stream: StreamName,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try await base.read(stream, from: revision, direction: direction, limit: limit)
  }

  func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await base.position(of: id)
  }

  func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await base.tracking(of: source)
  }

  func head(beyond position: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
    try await base.head(beyond: position)
  }

  func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    try await base.restore(events)
  }

  func close() async { await base.close() }
}
