internal import EventLogCore

/// The positions that bear all tags of one alternative, and one of its types where these are asked.
final class ItemPostings {
  enum State {
    case at(UInt64)
    case paused(UInt64)
    case end
  }

  private(set) var state = State.end
  /// Types whose lists are not asked so far: tags find the events by themselves.
  private(set) var unasked: [EventType]
  /// All of these must hold a position.
  private var unions: [PostingUnion]
  private let last: UInt64
  private let isForward: Bool
  /// Leaps that are left; a leap that moves several lists of types counts as several.
  private var share: Int

  /// Goes to the first candidate within the bounds.
  init(
    _ item: EventQuery.Item,
    _ bounds: PageBounds,
    share: Int,
    in storage: RocksDBStorage,
    isForward: Bool
  ) throws(EventLogError) {
    last = bounds.last
    self.isForward = isForward
    self.share = share
    if item.tags.isEmpty {
      unasked = []
      unions = [try PostingUnion(item.types, in: storage, isForward: isForward)]
    } else {
      unasked = item.types
      var unions: [PostingUnion] = []
      for tag in item.tags {
        unions.append(try PostingUnion(tag, in: storage, isForward: isForward))
      }
      self.unions = unions
    }
    try advance(from: bounds.first)
  }

  /// Goes on to what lies at or beyond `place`.
  func skip(to place: UInt64) throws(EventLogError) {
    switch state {
    case .end: return
    case .at(let position):
      if isForward ? position < place : position > place { try advance(from: place) }
    case .paused(let position):
      if isForward ? position < place : position > place { state = .paused(place) }
    }
  }

  /// Asks the types as well, from the next candidate on.
  func narrow(in storage: RocksDBStorage) throws(EventLogError) {
    guard !unasked.isEmpty else { return }
    unions.append(try PostingUnion(unasked, in: storage, isForward: isForward))
    unasked = []
  }

  /// Goes to the first position at or beyond `start` that all unions hold.
  private func advance(from start: UInt64) throws(EventLogError) {
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
      for union in unions {
        guard let position = try union.seek(place, &share) else {
          state = .end
          return
        }
        if position != place {
          place = position
          if unions.count > 1 { continue leaping }
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
