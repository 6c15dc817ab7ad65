internal import EventLogCore
internal import RocksDBDriver

/// The positions in any of some lists: those of an alternative's types, or the one of a tag.
struct PostingUnion {
  private let lists: [PostingList]
  private let isForward: Bool

  /// The positions that bear a tag.
  init(_ tag: Tag, in storage: RocksDBStorage, isForward: Bool) throws(EventLogError) {
    self.isForward = isForward
    lists = [
      try storing { () throws(RocksDBError) in
        try PostingList(
          TextHash(tag.text, as: .tag),
          in: storage.families.tags,
          of: storage.database,
          isForward: isForward
        )
      }
    ]
  }

  /// The positions that bear any of `types`.
  init(_ types: [EventType], in storage: RocksDBStorage, isForward: Bool) throws(EventLogError) {
    self.isForward = isForward
    var lists: [PostingList] = []
    for type in types {
      let list = try storing { () throws(RocksDBError) in
        try PostingList(
          TextHash(type.text, as: .type),
          in: storage.families.types,
          of: storage.database,
          isForward: isForward
        )
      }
      lists.append(list)
    }
    self.lists = lists
  }

  /// The nearest position at or beyond `place`; places only ever move in the read's direction.
  ///
  /// Lists that stand there already are not moved, so a rare one costs nothing beside a frequent
  /// one. What more than one list is moved is taken from `share`.
  func seek(_ place: UInt64, _ share: inout Int) throws(EventLogError) -> UInt64? {
    var nearest: UInt64?
    var moved = 0
    defer { share -= max(0, moved - 1) }
    for list in lists {
      if list.isBehind(place) {
        try list.move(to: place)
        moved += 1
      }
      guard let position = list.position else { continue }
      // No other can be nearer: they may stay where they are.
      if position == place { return position }
      if let known = nearest, isForward ? known <= position : known >= position { continue }
      nearest = position
    }
    return nearest
  }
}

/// The positions that bear one type or tag, more precisely its hash.
private final class PostingList {
  private var cursor: PostingCursor
  private let hash: TextHash
  private let isForward: Bool
  /// Where the list stands; nil before it was moved and at its end.
  private(set) var position: UInt64?
  private var hasEnded = false

  init(
    _ hash: TextHash,
    in family: Database.Family,
    of database: Database,
    isForward: Bool
  ) throws(RocksDBError) {
    self.hash = hash
    self.isForward = isForward
    cursor = PostingCursor(
      try database.makeIterator(
        in: family,
        from: Key.posting(hash, 0),
        to: Key.posting(hash, .max) + [0]
      )
    )
  }

  /// Whether the list must be moved to tell its nearest position at or beyond `place`.
  func isBehind(_ place: UInt64) -> Bool {
    guard let position else { return !hasEnded }
    return isForward ? position < place : position > place
  }

  /// Moves to the nearest position at or beyond `place`.
  func move(to place: UInt64) throws(EventLogError) {
    position =
      isForward
      ? try cursor.first(of: hash, from: place) : try cursor.last(of: hash, upTo: place)
    hasEnded = position == nil
  }
}
