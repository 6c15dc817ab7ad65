internal import EventLogCore

/// A read of more than one page, and where it stands.
protocol PagedRead: Sendable {
  /// The page it stands at.
  func page(of engine: any EventLogEngine) async throws(EventLogError) -> EventPage
  /// The same read behind that page; nil if there is nothing behind it.
  func behind(_ page: EventPage) -> Self?
}

extension PagedRead {
  /// Answers this page and all behind it; while one is answered, the next is read.
  ///
  /// So a reader keeps a thread that reads and one that encodes busy, at the price of one page more in
  /// memory; it is read once the caller's connection has room.
  func forEachPage(
    of engine: any EventLogEngine,
    _ answer: (Self, EventPage) async throws -> Void
  ) async throws {
    var read = self
    var page = try await CallScope.reading { try await read.page(of: engine) }
    while let next = read.behind(page) {
      async let ahead = CallScope.reading { try await next.page(of: engine) }
      try await answer(read, page)
      page = try await ahead
      read = next
    }
    try await answer(read, page)
  }
}
