import EventLogConformance
import EventLogCore
import EventLogInMemory
import MessagingCore

/// A log in memory that gives so many pages of itself as it is told, and then lets its readers wait
/// or refuses them.
final class RationedLog: EngineWrapper {
  /// What a reader is told who is refused.
  static let outage = EventLogError.unavailable("no page is left")

  let base: any EventLogEngine = InMemoryEventLog()
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
}
