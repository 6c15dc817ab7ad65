public import EventLogCore

/// The key of a document or of an index entry: components whose bytes order as their values do.
///
/// Texts end in `00 00` with `00` written as `00 FF`, so that a shorter text orders before its
/// extensions and no text can imitate a boundary. Integers are big-endian; descending ones are
/// inverted, so that the newest comes first in a forward walk.
public struct DocumentKey: Hashable, Sendable {
  /// The bytes that are stored and compared.
  public private(set) var bytes: [UInt8]

  /// Feeds all bytes at once; an array feeds them one by one, and keys are hashed for every event.
  public func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }

  /// Makes an empty key, which is before every other.
  public init() { bytes = [] }
  /// Takes bytes that were made by this type.
  public init(bytes: [UInt8]) { self.bytes = bytes }
  /// Makes a key of one text.
  public init(_ text: String) {
    bytes = []
    append(text)
  }
  /// Makes a key of one id.
  public init(_ id: EventID) {
    bytes = []
    append(id)
  }

  /// Adds a text.
  public mutating func append(_ text: String) {
    for byte in text.utf8 {
      bytes.append(byte)
      if byte == 0 { bytes.append(0xFF) }
    }
    bytes.append(0)
    bytes.append(0)
  }
  /// Adds the beginning of a text, for a range of all texts that begin so.
  public mutating func append(prefix text: String) {
    for byte in text.utf8 {
      bytes.append(byte)
      if byte == 0 { bytes.append(0xFF) }
    }
  }
  /// Adds a number.
  public mutating func append(_ number: UInt64) { bytes.append(bigEndian: number) }
  /// Adds a number so that higher ones come first.
  public mutating func append(descending number: UInt64) { bytes.append(bigEndian: ~number) }
  /// Adds a moment.
  public mutating func append(_ time: Timestamp) {
    append(UInt64(bitPattern: time.microseconds) ^ (1 << 63))
  }
  /// Adds a moment so that later ones come first.
  public mutating func append(descending time: Timestamp) {
    append(descending: UInt64(bitPattern: time.microseconds) ^ (1 << 63))
  }
  /// Adds an id.
  public mutating func append(_ id: EventID) {
    bytes.append(bigEndian: id.high)
    bytes.append(bigEndian: id.low)
  }

  /// The key with one more component.
  public func with(_ text: String) -> DocumentKey { adding { $0.append(text) } }
  /// The key with one more component.
  public func with(_ number: UInt64) -> DocumentKey { adding { $0.append(number) } }
  /// The key with one more component.
  public func with(_ id: EventID) -> DocumentKey { adding { $0.append(id) } }
  /// The key with one more component, later moments first.
  public func with(descending time: Timestamp) -> DocumentKey {
    adding { $0.append(descending: time) }
  }

  private func adding(_ change: (inout DocumentKey) -> Void) -> DocumentKey {
    var key = self
    change(&key)
    return key
  }
}

extension DocumentKey: ExpressibleByStringLiteral {
  /// Makes a key of one text.
  public init(stringLiteral text: String) { self.init(text) }
}
