internal import EventLogCore

/// A read of more than one page, and where it stands.
protocol PagedRead: Sendable {
  /// The page it stands at.
  func page(of engine: any EventLogEngine) async throws(EventLogError) -> EventPage
  /// The same read behind that page; nil if there is nothing behind it.
  ///
  /// - isAhead: whether pages are read ahead, of which few calls hold some.
  func behind(_ page: EventPage, isAhead: Bool) -> Self?
}

extension PagedRead {
  /// Answers this page and all behind it; while one is answered, the next is read.
  ///
  /// So a reader keeps a thread that reads and one that encodes busy, at the price of one page more in
  /// memory. Where too many of a connection's calls do so, it reads when it is done with a page.
  func forEachPage(
    of engine: any EventLogEngine,
    _ answer: (Self, EventPage) async throws -> Void
  ) async throws {
    var read = self
    var page = try await CallScope.reading { try await self.page(of: engine) }
    let room = CallScope.current.room
    // Most reads are of one page.
    let isAhead = behind(page, isAhead: false) != nil && (room?.beginAhead() ?? true)
    defer { if isAhead { room?.endAhead() } }
    while let next = read.behind(page, isAhead: isAhead) {
      if isAhead {
        async let following = CallScope.reading { try await next.page(of: engine) }
        try await answer(read, page)
        page = try await following
      } else {
        try await answer(read, page)
        page = try await CallScope.reading { try await next.page(of: engine) }
      }
      read = next
    }
    try await answer(read, page)
  }
}
