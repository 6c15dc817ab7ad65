internal import EventLogCore
internal import RocksDBDriver

/// Finds positions in an index of types or tags, row by row.
///
/// One row is decoded at a time and kept: neighbouring places are mostly answered from it.
struct PostingCursor {
  private let iterator: DatabaseIterator
  private var group = PostingGroup()
  /// Whose row `group` is.
  private var hash: TextHash?
  /// Places between these two, and within the row, are answered by it.
  private var lowest: UInt64 = .max
  private var highest: UInt64 = 0
  private var key: [UInt8] = []

  init(_ iterator: DatabaseIterator) { self.iterator = iterator }

  /// The first position of `hash` at or behind `place`.
  mutating func first(of hash: TextHash, from place: UInt64) throws(EventLogError) -> UInt64? {
    if self.hash == hash {
      if place >= lowest, let position = group.first(from: place) { return position }
      // Neighbours are usually near: one step costs far less than a seek.
      if place > group.last, iterator.isValid {
        iterator.next()
        if try load(hash), group.last >= place {
          lowest = place
          highest = group.last
          return group.first(from: place)
        }
      }
    }
    seek(hash, place)
    guard try load(hash) else { return nil }
    lowest = place
    highest = group.last
    return group.first(from: place)
  }

  /// The last position of `hash` at or before `place`.
  mutating func last(of hash: TextHash, upTo place: UInt64) throws(EventLogError) -> UInt64? {
    if self.hash == hash {
      if place <= highest, let position = group.last(upTo: place) { return position }
      if place < group.first, iterator.isValid {
        iterator.previous()
        if try load(hash), group.first <= place { return settle(upTo: place) }
      }
    }
    seek(hash, place)
    if try load(hash), group.first <= place { return settle(upTo: place) }
    if iterator.isValid { iterator.previous() } else { iterator.seekBackward(key) }
    guard try load(hash) else { return nil }
    return settle(upTo: place)
  }

  private mutating func settle(upTo place: UInt64) -> UInt64? {
    lowest = group.first
    highest = max(place, group.last)
    return group.last(upTo: place)
  }

  private mutating func seek(_ hash: TextHash, _ place: UInt64) {
    key.removeAll(keepingCapacity: true)
    key.append(bigEndian: hash.high)
    key.append(bigEndian: hash.low)
    key.append(bigEndian: place)
    iterator.seek(key)
  }

  /// Decodes the row the iterator stands on; false if it is not one of `hash`.
  private mutating func load(_ hash: TextHash) throws(EventLogError) -> Bool {
    self.hash = nil
    guard iterator.isValid else {
      try storing { () throws(RocksDBError) in try iterator.check() }
      return false
    }
    let last: UInt64? = iterator.withKey { key in
      guard key.count == 24, key.bigEndian(UInt64.self, at: 0) == hash.high,
        key.bigEndian(UInt64.self, at: 8) == hash.low
      else { return nil }
      return key.bigEndian(UInt64.self, at: 16)
    }
    guard let last else { return false }
    let row = iterator
    guard row.withValue({ group.decode($0, last: last) }) else {
      throw .corrupt("a row of an index is not readable", at: GlobalPosition(last))
    }
    self.hash = hash
    return true
  }
}
