internal import EventLogCore

/// An entry of an index whose keys begin with an id or a hash: two numbers and the position, in
/// the order of the stored keys.
struct ScatteredEntry: Comparable {
  let high: UInt64
  let low: UInt64
  let position: UInt64

  init(high: UInt64, low: UInt64, position: UInt64) {
    self.high = high
    self.low = low
    self.position = position
  }

  init(_ hash: TextHash, _ position: UInt64) {
    self.init(high: hash.high, low: hash.low, position: position)
  }

  static func < (left: ScatteredEntry, right: ScatteredEntry) -> Bool {
    if left.high != right.high { return left.high < right.high }
    if left.low != right.low { return left.low < right.low }
    return left.position < right.position
  }
}
