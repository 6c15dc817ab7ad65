/// One stored row.
public struct ReadModelRow: Hashable, Sendable {
  /// The key.
  public let key: [UInt8]
  /// The value.
  public let value: [UInt8]
  /// Makes a row.
  public init(key: [UInt8], value: [UInt8]) {
    self.key = key
    self.value = value
  }
}

/// A stretch of keys in byte order.
public struct RowRange: Hashable, Sendable {
  /// Inclusive.
  public var from: [UInt8]
  /// Exclusive; nil goes to the end.
  public var to: [UInt8]?

  /// Makes a range.
  public init(from: [UInt8], to: [UInt8]?) {
    self.from = from
    self.to = to
  }

  /// Every key that begins with `prefix`.
  public init(prefix: [UInt8]) {
    from = prefix
    to = Self.successor(of: prefix)
  }

  /// The first key after every key that begins with `prefix`; nil if there is none.
  public static func successor(of prefix: [UInt8]) -> [UInt8]? {
    var bytes = prefix
    while let last = bytes.last {
      if last < 0xFF {
        bytes[bytes.count - 1] = last + 1
        return bytes
      }
      bytes.removeLast()
    }
    return nil
  }
}

/// What can be read of a store, at one moment or at the latest.
///
/// - Shape: rows in byte order of their keys.
/// - Errors: `ReadModelError.closed` after `close()`, `.unavailable` when the store fails.
public protocol ReadModelSource: Sendable {
  /// The value of a key; nil if there is none.
  func get(_ key: [UInt8]) throws(ReadModelError) -> [UInt8]?
  /// The values of several keys, in their order.
  func get(_ keys: [[UInt8]]) throws(ReadModelError) -> [[UInt8]?]
  /// At most `limit` rows of a range, from its end if `isBackward`; fewer mean there are no more.
  func scan(
    _ range: RowRange,
    isBackward: Bool,
    limit: Int
  ) throws(ReadModelError) -> [ReadModelRow]
}

/// An ordered store of bytes under the read models of one service; every call blocks.
///
/// The calls come from threads of a `BlockingPool`, never from the cooperative pool.
/// - Shape: reads through the engine see the latest commit, reads through a snapshot one moment.
/// - Errors: as `ReadModelSource`; a failed commit wrote nothing.
/// - Source: laws of `ReadModelEngineLaws`.
public protocol ReadModelEngine: ReadModelSource {
  /// Everything as it is now, unchanged by later commits while it is held.
  func snapshot() throws(ReadModelError) -> any ReadModelSource
  /// Writes a batch whole or not at all, and when `isSynced` so that it outlives the machine.
  func commit(_ batch: ReadModelBatch, isSynced: Bool) throws(ReadModelError)
  /// Makes everything committed so far outlive the machine.
  func sync() throws(ReadModelError)
  /// About how many bytes a range takes.
  func size(of range: RowRange) throws(ReadModelError) -> UInt64
  /// Ends the engine; later calls answer `.closed`.
  func close()
}
