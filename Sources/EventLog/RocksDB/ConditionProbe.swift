internal import EventLogCore
internal import RocksDBDriver

extension RocksDBStorage {
  /// Goes on with searches, all over the same two iterators.
  func search(_ searches: [ConditionSearch], steps: Int) throws(EventLogError) {
    let probe = try storing { () throws(RocksDBError) in try ConditionProbe(self) }
    for search in searches { try probe.goOn(search, steps: steps) }
  }
}

/// Looks for the first event that a condition matches.
///
/// The lists of its types and tags are followed one after the other, each no further than the first
/// match so far. A part of the log that is short beside their number is walked instead.
private final class ConditionProbe {
  private let storage: RocksDBStorage
  private var types: PostingCursor
  private var tags: PostingCursor

  /// Events for each list from which on lists are followed.
  ///
  /// To look into a list costs about as much as to step over so many. Pages want more of them (see
  /// `QueryPostings`), since they make an iterator for each list.
  private static let placesPerList: UInt64 = 8

  init(_ storage: RocksDBStorage) throws(RocksDBError) {
    self.storage = storage
    types = PostingCursor(
      try storage.database.makeIterator(in: storage.families.types, isPrefix: true)
    )
    tags = PostingCursor(
      try storage.database.makeIterator(in: storage.families.tags, isPrefix: true)
    )
  }

  func goOn(_ search: ConditionSearch, steps: Int) throws(EventLogError) {
    guard !search.isDone else { return }
    var matcher = search.condition.matcher
    var left = steps
    let places = search.head - search.after
    guard places >= UInt64(search.lists.count) * Self.placesPerList else {
      return try walk(search, &matcher, &left)
    }
    while !search.isDone {
      guard try follow(search.lists[search.list], search, &matcher, &left) else { return }
      search.endList()
      guard left > 0 else { return }
    }
  }

  /// Follows a list to its first match or its end; false if no steps are left before that, but not
  /// before it has moved on.
  ///
  /// Several tags are leapt between: each is asked for its first position at or behind that of the
  /// one before, until all of them stand at one. So the rarest leads, and a tag that nobody bears ends
  /// it at once.
  private func follow(
    _ list: ConditionList,
    _ search: ConditionSearch,
    _ matcher: inout QueryMatcher,
    _ left: inout Int
  ) throws(EventLogError) -> Bool {
    let begin = search.place
    var index = 0
    var agreeing = 0
    while search.place <= search.last {
      guard left > 0 || search.place == begin else { return false }
      left -= 1
      let hash = list.hashes[index]
      let found =
        list.isOfType
        ? try types.first(of: hash, from: search.place)
        : try tags.first(of: hash, from: search.place)
      guard let position = found, position <= search.last else { return true }
      if position > search.place {
        search.place = position
        agreeing = 0
      }
      agreeing += 1
      index = (index + 1) % list.hashes.count
      guard agreeing == list.hashes.count else { continue }
      // A posting is a hint; the event's own bytes decide (law L11).
      let before = matcher.extra
      if matcher.matches(try storage.event(at: position)) {
        search.found(position)
        return true
      }
      left -= 1 + matcher.extra - before
      search.place += 1
      agreeing = 0
    }
    return true
  }

  /// Walks the events themselves until the first match, the end, or no steps are left.
  private func walk(
    _ search: ConditionSearch,
    _ matcher: inout QueryMatcher,
    _ left: inout Int
  ) throws(EventLogError) {
    let iterator = try storing { () throws(RocksDBError) in
      try storage.database.makeIterator(
        in: storage.families.events,
        from: Key.number(search.place),
        to: Key.number(search.head) + [0]
      )
    }
    iterator.seekToFirst()
    while search.place <= search.head {
      guard left > 0 else { return }
      guard iterator.isValid else {
        try storing { () throws(RocksDBError) in try iterator.check() }
        throw .corrupt("there is no event", at: GlobalPosition(search.place))
      }
      let before = matcher.extra
      var damage: String?
      let isMatch = iterator.withValue { value in
        damage = Envelope.damage(in: value)
        guard damage == nil else { return false }
        if RawEnvelope(bytes: value).position != search.place {
          damage = "another event is in its place"
          return false
        }
        return matcher.matches(value)
      }
      if let damage { throw .corrupt(damage, at: GlobalPosition(search.place)) }
      if isMatch {
        search.found(search.place)
        break
      }
      left -= 1 + matcher.extra - before
      search.place += 1
      iterator.next()
    }
    search.end()
  }
}
