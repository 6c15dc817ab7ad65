internal import EventLogCore
internal import RocksDBDriver

/// The positions of events that bear the tags of a query, merged over its alternatives.
///
/// Serves queries whose every alternative names a tag; each alternative leaps between the lists
/// of its tags. A position is a candidate: the event's bytes decide.
final class TagPostings {
  enum Step {
    case candidate(UInt64)
    /// Enough was looked at for one page; everything up to here was considered.
    case paused(UInt64)
    case end
  }

  /// Lists walked at once; a query of more is answered by a scan, since each pins files.
  static let listBound = 256

  private var items: [ItemPostings] = []
  private let isForward: Bool

  /// Nil if the query is better answered by walking the events.
  init?(
    _ reading: AllReading,
    _ bounds: PageBounds,
    in storage: RocksDBStorage
  ) throws(EventLogError) {
    isForward = reading.direction == .forward
    let query = reading.query
    guard !query.items.isEmpty, query.items.allSatisfy({ !$0.tags.isEmpty }),
      query.items.reduce(0, { $0 + $1.tags.count }) <= Self.listBound
    else { return nil }
    let share = EventLogLimits.pageCandidates / query.items.count
    for item in query.items {
      var lists: [PostingList] = []
      for tag in item.tags {
        let hash = TextHash(tag.text, as: .tag)
        lists.append(
          try storing { () throws(RocksDBError) in
            try PostingList(hash, in: storage, isForward: isForward)
          }
        )
      }
      let postings = ItemPostings(lists, bounds, isForward: isForward, share: share)
      try postings.advance(from: bounds.first)
      items.append(postings)
    }
  }

  /// The next position in the read's direction.
  func next() throws(EventLogError) -> Step {
    var nearest: (place: UInt64, isCandidate: Bool)?
    for item in items {
      switch item.state {
      case .end: continue
      case .at(let place): consider(place, true, &nearest)
      case .paused(let place): consider(place, false, &nearest)
      }
    }
    guard let nearest else { return .end }
    guard nearest.isCandidate else {
      return .paused(isForward ? nearest.place - 1 : nearest.place + 1)
    }
    for item in items {
      if case .at(nearest.place) = item.state {
        try item.advance(from: isForward ? nearest.place + 1 : nearest.place - 1)
      }
    }
    return .candidate(nearest.place)
  }

  private func consider(
    _ place: UInt64,
    _ isCandidate: Bool,
    _ nearest: inout (place: UInt64, isCandidate: Bool)?
  ) {
    guard let known = nearest else {
      nearest = (place, isCandidate)
      return
    }
    if known.place == place {
      // Paused at the same place: it has not been looked at there, so the page ends before.
      nearest = (place, known.isCandidate && isCandidate)
    } else if isForward ? place < known.place : place > known.place {
      nearest = (place, isCandidate)
    }
  }
}

/// The positions that bear all tags of one alternative.
private final class ItemPostings {
  enum State {
    case at(UInt64)
    case paused(UInt64)
    case end
  }

  private(set) var state = State.end
  private let lists: [PostingList]
  private let last: UInt64
  private let isForward: Bool
  private var share: Int

  init(_ lists: [PostingList], _ bounds: PageBounds, isForward: Bool, share: Int) {
    self.lists = lists
    last = bounds.last
    self.isForward = isForward
    self.share = share
  }

  /// Goes to the first position at or beyond `start` that all lists hold.
  func advance(from start: UInt64) throws(EventLogError) {
    var place = start
    leaping: while true {
      guard isForward ? place <= last : place >= last && place > 0 else {
        state = .end
        return
      }
      guard share > 0 else {
        state = .paused(place)
        return
      }
      share -= 1
      for list in lists {
        guard let position = try list.seek(place) else {
          state = .end
          return
        }
        if position != place {
          place = position
          if lists.count > 1 { continue leaping }
        }
      }
      guard isForward ? place <= last : place >= last else {
        state = .end
        return
      }
      state = .at(place)
      return
    }
  }
}

/// The positions that bear one tag, more precisely its hash.
private final class PostingList {
  private var cursor: PostingCursor
  private let hash: TextHash
  private let isForward: Bool
  private var hasEnded = false

  init(
    _ hash: TextHash,
    in storage: RocksDBStorage,
    isForward: Bool
  ) throws(RocksDBError) {
    self.hash = hash
    self.isForward = isForward
    cursor = PostingCursor(
      try storage.database.makeIterator(
        in: storage.families.tags,
        from: Key.posting(hash, 0),
        to: Key.posting(hash, .max) + [0]
      )
    )
  }

  /// The nearest position at or beyond `place`; places only ever move in the read's direction.
  func seek(_ place: UInt64) throws(EventLogError) -> UInt64? {
    if hasEnded { return nil }
    let position =
      isForward
      ? try cursor.first(of: hash, from: place) : try cursor.last(of: hash, upTo: place)
    hasEnded = position == nil
    return position
  }
}
