internal import EventLogCore
internal import Glibc
internal import RocksDBDriver

/// Visits given keys of one family in ascending order, stepping where they are near each other
/// and seeking where they are not.
struct IndexWalk {
  /// Steps that cost about as much as one seek over all levels of the store.
  private static let mostSteps = 16

  /// The key to go to next; owned by the caller so that one buffer serves all keys.
  var key: [UInt8] = []
  private let moment: DatabaseSnapshot
  private let family: Database.Family
  /// Made for the first key: nobody may ask for one, and it opens what it walks over.
  private var iterator: DatabaseIterator?
  /// How many steps are tried before a seek; follows what the last keys needed.
  private var patience = Self.mostSteps

  init(_ moment: DatabaseSnapshot, _ family: Database.Family) {
    self.moment = moment
    self.family = family
  }

  /// Whether `key` is there with a value that `isRight` accepts.
  mutating func reaches(
    _ isRight: (UnsafeRawBufferPointer) -> Bool
  ) throws(EventLogError) -> Bool {
    guard let iterator = try advance() else { return false }
    let isThere = key.withUnsafeBytes { wanted in
      iterator.withKey { $0.hasSameBytes(as: wanted) }
    }
    return isThere && iterator.withValue(isRight)
  }

  /// Whether the first row at or behind `key` is one that `isRight` accepts.
  mutating func reachesRow(
    _ isRight: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
  ) throws(EventLogError) -> Bool {
    guard let iterator = try advance() else { return false }
    return iterator.withKey { key in iterator.withValue { isRight(key, $0) } }
  }

  /// Goes to the first row at or behind `key`; nil if there is none.
  private mutating func advance() throws(EventLogError) -> DatabaseIterator? {
    let iterator: DatabaseIterator
    if let begun = self.iterator {
      iterator = begun
      var steps = 0
      while iterator.isValid, isBefore(iterator), steps < patience {
        iterator.next()
        steps += 1
      }
      if iterator.isValid, isBefore(iterator) {
        patience = max(1, patience / 2)
        iterator.seek(key)
      } else {
        patience = min(Self.mostSteps, patience * 2)
      }
    } else {
      // What is checked once shall not push out of the cache what is read often.
      iterator = moment.makeIterator(in: family, fillsCache: false)
      self.iterator = iterator
      iterator.seek(key)
    }
    guard iterator.isValid else {
      try storing { () throws(RocksDBError) in try iterator.check() }
      return nil
    }
    return iterator
  }

  private func isBefore(_ iterator: DatabaseIterator) -> Bool {
    key.withUnsafeBytes { wanted in
      iterator.withKey { found in
        let shared = min(found.count, wanted.count)
        if let one = found.baseAddress, let other = wanted.baseAddress {
          let order = memcmp(one, other, shared)
          if order != 0 { return order < 0 }
        }
        return found.count < wanted.count
      }
    }
  }
}
