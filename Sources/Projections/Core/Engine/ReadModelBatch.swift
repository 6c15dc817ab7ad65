/// Changes that are written together, in their order.
///
/// Keys and values lie in one buffer, so that a batch of thousands costs a few allocations.
public struct ReadModelBatch: Sendable {
  /// What happens to a key.
  public enum Kind: UInt8, Sendable {
    /// The key gets the value.
    case put
    /// The key goes.
    case delete
    /// The number stored under the key grows by the value, eight bytes, lowest first, wrapping.
    case add
    /// Every key from the first (inclusive) to the second (in the value's place, exclusive) goes.
    case deleteRange
  }

  private struct Change {
    var kind: Kind
    var start: Int
    var keyCount: Int
    var valueCount: Int
  }

  private var bytes: [UInt8] = []
  private var changes: [Change] = []

  /// Makes an empty batch.
  public init() {}

  /// How many changes it holds.
  public var count: Int { changes.count }
  /// How many bytes its keys and values have.
  public var byteCount: Int { bytes.count }
  /// Whether it changes nothing.
  public var isEmpty: Bool { changes.isEmpty }

  /// Sets a key.
  public mutating func put(_ key: [UInt8], _ value: [UInt8]) {
    append(.put, key, value)
  }
  /// Deletes a key.
  public mutating func delete(_ key: [UInt8]) {
    append(.delete, key, [])
  }
  /// Adds to the number under a key; a missing one counts as 0.
  public mutating func add(_ key: [UInt8], _ delta: Int64) {
    changes.append(Change(kind: .add, start: bytes.count, keyCount: key.count, valueCount: 8))
    bytes.append(contentsOf: key)
    bytes.append(counter: delta)
  }
  /// Deletes a range; one without an end must be cut by the caller.
  public mutating func delete(from: [UInt8], to: [UInt8]) {
    append(.deleteRange, from, to)
  }
  /// Adds the changes of another batch after this one's.
  public mutating func append(_ other: ReadModelBatch) {
    let shift = bytes.count
    bytes.append(contentsOf: other.bytes)
    changes.reserveCapacity(changes.count + other.changes.count)
    for var change in other.changes {
      change.start += shift
      changes.append(change)
    }
  }

  /// Lends every change in order: its kind, key and value.
  public func forEach<Failure: Error>(
    _ body: (Kind, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    let result = bytes.withUnsafeBytes { buffer -> Result<Void, Failure> in
      do throws(Failure) {
        for change in changes {
          let middle = change.start + change.keyCount
          try body(
            change.kind,
            UnsafeRawBufferPointer(rebasing: buffer[change.start..<middle]),
            UnsafeRawBufferPointer(rebasing: buffer[middle..<(middle + change.valueCount)])
          )
        }
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  // One change whose key comes in two parts, so that no caller joins them first.
  package mutating func put(prefix: [UInt8], _ key: [UInt8], _ value: [UInt8]) {
    changes.append(
      Change(
        kind: .put,
        start: bytes.count,
        keyCount: prefix.count + key.count,
        valueCount: value.count
      )
    )
    bytes.append(contentsOf: prefix)
    bytes.append(contentsOf: key)
    bytes.append(contentsOf: value)
  }

  private mutating func append(_ kind: Kind, _ key: [UInt8], _ value: [UInt8]) {
    changes.append(
      Change(kind: kind, start: bytes.count, keyCount: key.count, valueCount: value.count)
    )
    bytes.append(contentsOf: key)
    bytes.append(contentsOf: value)
  }
}

extension [UInt8] {
  /// Appends a counter as it is stored: two's complement, lowest byte first.
  package mutating func append(counter number: Int64) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  /// The counter that these bytes store; nil if they are not eight.
  package var counter: Int64? {
    guard count == 8 else { return nil }
    return withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
  }
}
