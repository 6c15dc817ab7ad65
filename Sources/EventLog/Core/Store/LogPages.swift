/// The pages of the whole log, read as they are asked for.
///
/// - Shape: a page may be empty and still move on (`scannedTo`), where a filter is rare (L29).
/// - Errors: what the engine says.
public struct LogPages: AsyncSequence, Sendable {
  /// One page each.
  public typealias Element = EventPage
  /// What the engine says.
  public typealias Failure = EventLogError

  let store: EventStore
  let after: GlobalPosition?
  let through: GlobalPosition?
  let query: EventQuery
  let direction: Direction
  let limit: Int

  /// Begins reading.
  public func makeAsyncIterator() -> Iterator { Iterator(pages: self, after: after) }

  /// Every event of every page, for logs that are known to be small.
  public func collect() async throws(EventLogError) -> [RecordedEvent] {
    var iterator = makeAsyncIterator()
    var events: [RecordedEvent] = []
    while let page = try await iterator.next() { events.append(contentsOf: page.events) }
    return events
  }

  /// A place in the log.
  public struct Iterator: AsyncIteratorProtocol {
    let pages: LogPages
    var after: GlobalPosition?
    var isDone = false

    init(pages: LogPages, after: GlobalPosition?) {
      self.pages = pages
      self.after = after
    }

    /// The next page; nil after the last.
    public mutating func next() async throws(EventLogError) -> EventPage? {
      try await next(isolation: nil)
    }

    /// The next page; nil after the last.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(EventLogError) -> EventPage? {
      guard !isDone else { return nil }
      let page = try await pages.store.read(
        after: after,
        matching: pages.query,
        direction: pages.direction,
        limit: pages.limit
      )
      after = page.scannedTo
      isDone = page.isEnd
      guard pages.direction == .forward, let through = pages.through, page.scannedTo >= through
      else { return page }
      isDone = true
      return EventPage(
        events: page.events.filter { $0.position <= through },
        scannedTo: through,
        head: page.head,
        isEnd: true
      )
    }
  }
}
