/// The pages of a stream, read as they are asked for.
///
/// - Shape: at least one page, so that its `stream` tells the state of an empty stream too.
/// - Errors: `.streamTombstoned`, and what the engine says.
public struct StreamPages: AsyncSequence, Sendable {
  /// One page each.
  public typealias Element = EventPage
  /// What the engine says.
  public typealias Failure = EventLogError

  let store: EventStore
  let stream: StreamName
  let from: StreamRevision
  let direction: Direction
  let limit: Int

  /// Begins reading.
  public func makeAsyncIterator() -> Iterator { Iterator(pages: self, from: from) }

  /// Every event of every page, for streams that are known to be small.
  public func collect() async throws(EventLogError) -> [RecordedEvent] {
    var iterator = makeAsyncIterator()
    var events: [RecordedEvent] = []
    while let page = try await iterator.next() { events.append(contentsOf: page.events) }
    return events
  }

  /// A place in the stream.
  public struct Iterator: AsyncIteratorProtocol {
    let pages: StreamPages
    // Nil once the end was reached.
    var from: StreamRevision?

    /// The next page; nil after the last.
    public mutating func next() async throws(EventLogError) -> EventPage? {
      try await next(isolation: nil)
    }

    /// The next page; nil after the last.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(EventLogError) -> EventPage? {
      guard let from else { return nil }
      let page = try await pages.store.engine.read(
        pages.stream,
        from: from,
        direction: pages.direction,
        limit: pages.limit
      )
      self.from = try following(page)
      return try pages.store.upcasters.upcast(page, matching: .all)
    }

    private func following(_ page: EventPage) throws(EventLogError) -> StreamRevision? {
      guard !page.isEnd else { return nil }
      guard let last = page.events.last?.revision else {
        throw .unavailable("a page of stream '\(pages.stream)' was empty before the end")
      }
      switch pages.direction {
      case .forward: return last == .max ? nil : last.next
      case .backward: return last == .first ? nil : StreamRevision(last.number - 1)
      }
    }
  }
}
