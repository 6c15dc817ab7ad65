// The binary forms of values, as the server's send and receive functions have them: integers
// highest byte first, text as its bytes, uuid as 16 bytes. An array is: dimensions (4), whether it
// holds nulls (4), type of its elements (4), then for its one dimension count (4) and lower bound
// (4), then each element's length (4; -1 for null) and bytes. An empty one has no dimension.

/// The types that are sent, by the server's own numbers for them.
public struct PostgresType: Hashable, Sendable {
  /// The number in `pg_type`.
  public let number: UInt32
  /// Bytes.
  public static let bytea = PostgresType(number: 17)
  /// 64 bits.
  public static let int8 = PostgresType(number: 20)
  /// 32 bits.
  public static let int4 = PostgresType(number: 23)
  /// Text.
  public static let text = PostgresType(number: 25)
  /// True or false.
  public static let bool = PostgresType(number: 16)
  /// A UUID.
  public static let uuid = PostgresType(number: 2950)

  /// The type of arrays of this one; of those above only.
  var array: PostgresType {
    switch self {
    case .bytea: PostgresType(number: 1001)
    case .int8: PostgresType(number: 1016)
    case .int4: PostgresType(number: 1007)
    case .text: PostgresType(number: 1009)
    case .bool: PostgresType(number: 1000)
    case .uuid: PostgresType(number: 2951)
    default: preconditionFailure("type \(number) has no array type here")
    }
  }
}

/// A value bound to a statement, in binary form.
public struct PostgresValue: Sendable {
  let type: PostgresType
  /// Nil stands for null.
  let bytes: [UInt8]?

  init(_ type: PostgresType, _ bytes: [UInt8]?) {
    self.type = type
    self.bytes = bytes
  }

  /// Null of a type.
  public static func null(_ type: PostgresType) -> PostgresValue { PostgresValue(type, nil) }

  /// A 64-bit integer.
  public static func int8(_ number: Int64?) -> PostgresValue {
    PostgresValue(.int8, number?.bigEndianBytes)
  }

  /// A 32-bit integer.
  public static func int4(_ number: Int32?) -> PostgresValue {
    PostgresValue(.int4, number?.bigEndianBytes)
  }

  /// True or false.
  public static func bool(_ value: Bool) -> PostgresValue {
    PostgresValue(.bool, [value ? 1 : 0])
  }

  /// Bytes.
  public static func bytes(_ bytes: [UInt8]?) -> PostgresValue { PostgresValue(.bytea, bytes) }

  /// Text.
  public static func text(_ text: String?) -> PostgresValue {
    PostgresValue(.text, text.map { Array($0.utf8) })
  }

  /// The 16 bytes of a UUID.
  public static func uuid(_ bytes: [UInt8]?) -> PostgresValue { PostgresValue(.uuid, bytes) }

  /// An array of 64-bit integers.
  public static func int8s(_ numbers: some Collection<Int64>) -> PostgresValue {
    var array = PostgresArray(of: .int8, count: numbers.count, bytes: numbers.count * 8)
    for number in numbers { array.append(number) }
    return array.value
  }

  /// An array of bytes.
  public static func byteArrays(_ all: some Collection<[UInt8]>) -> PostgresValue {
    var array = PostgresArray(of: .bytea, count: all.count, bytes: 0)
    for bytes in all { bytes.withUnsafeBytes { array.append($0) } }
    return array.value
  }

  /// An array of texts.
  public static func texts(_ texts: some Collection<String>) -> PostgresValue {
    var array = PostgresArray(of: .text, count: texts.count, bytes: 0)
    for text in texts { Array(text.utf8).withUnsafeBytes { array.append($0) } }
    return array.value
  }
}

/// An array under construction: one buffer, without an object for each element.
public struct PostgresArray: Sendable {
  private let type: PostgresType
  private var bytes: [UInt8] = []
  private var count: Int32 = 0
  private var hasNulls = false

  private enum Offset {
    static let dimensions = 0
    static let hasNulls = 4
    static let count = 12
    static let elements = 20
  }

  /// Begins an array; `count` and `bytes` (of all elements) reserve room.
  public init(of type: PostgresType, count: Int, bytes reserve: Int) {
    self.type = type
    bytes.reserveCapacity(Offset.elements + count * 4 + reserve)
    bytes.append(contentsOf: Int32(1).bigEndianBytes)
    bytes.append(contentsOf: Int32(0).bigEndianBytes)
    bytes.append(contentsOf: type.number.bigEndianBytes)
    bytes.append(contentsOf: Int32(0).bigEndianBytes)
    bytes.append(contentsOf: Int32(1).bigEndianBytes)
  }

  /// Adds null.
  public mutating func appendNull() {
    hasNulls = true
    count += 1
    append(raw: Int32(-1))
  }

  /// Adds the bytes of an element.
  public mutating func append(_ element: UnsafeRawBufferPointer) {
    count += 1
    append(raw: Int32(element.count))
    bytes.append(contentsOf: element)
  }

  /// Adds an integer of the element's width.
  public mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    count += 1
    append(raw: Int32(Number.bitWidth / 8))
    append(raw: number)
  }

  /// Adds a UUID of its two halves.
  public mutating func appendUUID(high: UInt64, low: UInt64) {
    count += 1
    append(raw: Int32(16))
    append(raw: high)
    append(raw: low)
  }

  private mutating func append(raw number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// The array as a value.
  public var value: PostgresValue {
    guard count > 0 else {
      var empty = Int32(0).bigEndianBytes + Int32(0).bigEndianBytes
      empty += type.number.bigEndianBytes
      return PostgresValue(type.array, empty)
    }
    var bytes = bytes
    func store(_ number: Int32, at offset: Int) {
      bytes.replaceSubrange(offset..<(offset + 4), with: number.bigEndianBytes)
    }
    store(hasNulls ? 1 : 0, at: Offset.hasNulls)
    store(count, at: Offset.count)
    return PostgresValue(type.array, bytes)
  }
}

extension FixedWidthInteger {
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
