internal import EventLogCore
internal import RocksDBDriver

/// Reads events at places that move in one direction, near each other or far apart.
///
/// Far ones are looked up, each by itself. Where several in a row lie near each other, an iterator
/// steps from one to the next over what lies between.
final class EventCursor {
  /// Bytes of events up to which it is cheaper to step over them than to look up what lies behind.
  ///
  /// They are a quarter of a block, so that the next event mostly lies in a block that is at hand:
  /// a look-up costs as much as some twenty steps there. What is stepped over is read all the same,
  /// hence bytes and not events: large ones are leapt over.
  private static let nearBytes: UInt64 = 4 << 10

  /// Near places in a row, from which on an iterator follows: to go there costs it more than a
  /// look-up, which the two or three events of one request do not repay.
  private static let patience = 4

  private let storage: RocksDBStorage
  private let low: UInt64
  private let high: UInt64
  private let isForward: Bool
  private var iterator: DatabaseIterator?
  /// The place of the event that the iterator stands on.
  private var standing: UInt64?
  /// The place that was read last.
  private var before: UInt64?
  /// How far away a place is near, judged by the size of the last event.
  private var reach: UInt64 = 1
  private var nearInARow = 0

  /// All places lie between `first` and `last`.
  init(_ storage: RocksDBStorage, from first: UInt64, to last: UInt64, isForward: Bool) {
    self.storage = storage
    self.isForward = isForward
    low = min(first, last)
    high = max(first, last)
  }

  /// Lends the event at `position`, which lies beyond all that were read; nil if there is none.
  func read<R>(
    at position: UInt64,
    _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(RocksDBError) -> R {
    let gap = before.map { isForward ? position - $0 : $0 - position }
    if let gap, gap <= reach { nearInARow += 1 } else { nearInARow = 0 }
    let start = before
    before = position
    guard let gap, nearInARow >= Self.patience else { return try lookUp(position, body) }
    let iterator = try moved(to: position, gap, from: start)
    guard standing == position else { return body(nil) }
    return iterator.withValue { value in
      measure(value)
      return body(value)
    }
  }

  private func measure(_ value: UnsafeRawBufferPointer) {
    reach = max(1, Self.nearBytes / UInt64(max(1, value.count)))
  }

  private func lookUp<R>(
    _ position: UInt64,
    _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(RocksDBError) -> R {
    try withUnsafeBytes(of: position.bigEndian) { key throws(RocksDBError) in
      try storage.database.withValue(of: key, in: storage.families.events) { value in
        if let value { measure(value) }
        return body(value)
      }
    }
  }

  /// The iterator at `position`; it stands nowhere if there is no event.
  private func moved(
    to position: UInt64,
    _ gap: UInt64,
    from start: UInt64?
  ) throws(RocksDBError) -> DatabaseIterator {
    let iterator = try made()
    if let standing, standing == start {
      for _ in 0..<gap where iterator.isValid {
        if isForward { iterator.next() } else { iterator.previous() }
      }
    } else {
      iterator.seek(Key.number(position))
    }
    standing = nil
    guard iterator.isValid else {
      try iterator.check()
      return iterator
    }
    let isThere = iterator.withKey { key in
      key.count == 8 && key.bigEndian(UInt64.self, at: 0) == position
    }
    if isThere { standing = position }
    return iterator
  }

  private func made() throws(RocksDBError) -> DatabaseIterator {
    if let iterator { return iterator }
    let made = try storage.database.makeIterator(
      in: storage.families.events,
      from: Key.number(low),
      to: Key.number(high) + [0],
      // As in a scan: what is walked over shall not push the indexes out of the cache.
      fillsCache: false
    )
    iterator = made
    return made
  }
}
