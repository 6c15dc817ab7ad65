/// Pages that subscriptions read on with: what many ask for is read once.
///
/// Those that have caught up all ask for what was just appended. It is read for all of them without
/// a filter, and each takes what it asked for out of memory: a thousand filters that match nothing
/// cost the engine one read, not a thousand.
final class SharedPages: Sendable {
  /// How far behind the head a subscription shares: few enough events to be looked through by each,
  /// and more than a commit of many small appends brings.
  static let tailPositions: UInt64 = 256

  private struct Key: Hashable {
    let after: GlobalPosition
    let query: EventQuery
    let limit: Int
  }

  private let engine: any EventLogEngine
  private let questions = SharedQuestions<Key, EventPage>()

  init(_ engine: any EventLogEngine) { self.engine = engine }

  /// The page after a position.
  ///
  /// - head: the newest that the reader knows of; it tells whether the tail is what it reads.
  func page(
    after: GlobalPosition,
    matching query: EventQuery,
    limit: Int,
    head: GlobalPosition
  ) async throws(EventLogError) -> EventPage {
    let isTail = head > after && head.number - after.number <= Self.tailPositions
    guard isTail, !query.matchesEverything || limit >= Self.tailPositions else {
      return try await read(Key(after: after, query: query, limit: limit))
    }
    let tail = Key(after: after, query: .all, limit: EventLogLimits.pageEvents)
    return try await read(tail).narrowed(to: query, limit: limit)
  }

  private func read(_ key: Key) async throws(EventLogError) -> EventPage {
    try await questions.answer(key) { [engine] () throws(EventLogError) in
      try await engine.readAll(
        after: key.after,
        matching: key.query,
        direction: .forward,
        limit: key.limit
      )
    }
  }
}

extension EventPage {
  /// What a read of `query` with `limit` would have had of this page.
  fileprivate func narrowed(to query: EventQuery, limit: Int) -> EventPage {
    let matching = query.matchesEverything ? events : events.filter { $0.matches(query) }
    guard matching.count > limit else {
      return EventPage(events: matching, scannedTo: scannedTo, head: head, isEnd: isEnd)
    }
    let last = matching[limit - 1].position
    return EventPage(
      events: Array(matching[..<limit]),
      scannedTo: last,
      head: head,
      isEnd: false
    )
  }
}
