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
    matching filter: SubscriptionFilter,
    limit: Int,
    head: GlobalPosition
  ) async throws(EventLogError) -> EventPage {
    let query = filter.query
    let isTail = head > after && head.number - after.number <= Self.tailPositions
    guard isTail, !query.matchesEverything || limit >= Self.tailPositions else {
      let key = Key(after: after, query: query, limit: limit)
      // Questions are found by what they ask, under the lock of all who read on. A large query would
      // take long there, and hardly anybody asks the same.
      return try await query.isLarge ? Self.ask(key, engine) : read(key)
    }
    let tail = Key(after: after, query: .all, limit: EventLogLimits.pageEvents)
    return try await read(tail).narrowed(by: filter.matcher, limit: limit)
  }

  private func read(_ key: Key) async throws(EventLogError) -> EventPage {
    try await questions.answer(key) { [engine] () throws(EventLogError) in
      try await Self.ask(key, engine)
    }
  }

  private static func ask(
    _ key: Key,
    _ engine: any EventLogEngine
  ) async throws(EventLogError) -> EventPage {
    try await engine.readAll(
      after: key.after,
      matching: key.query,
      direction: .forward,
      limit: key.limit
    )
  }
}

/// What a subscription asks for, prepared once for all of its pages.
struct SubscriptionFilter: Sendable {
  let query: EventQuery
  let matcher: QueryMatcher

  init(_ query: EventQuery) {
    self.query = query
    matcher = QueryMatcher(query)
  }
}

extension EventPage {
  /// What a read of the matcher's query with `limit` would have had of this page.
  fileprivate func narrowed(by matcher: QueryMatcher, limit: Int) -> EventPage {
    var matcher = matcher
    let matching = matcher.matchesEverything ? events : events.filter { matcher.matches($0) }
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
