/// The name of a stream: 1–255 bytes of UTF-8 without control characters.
///
/// Names that begin with `$` are the log's own. Whether a name is legal is told by
/// `AppendRequest.validate`, so that a bad one answers with an error that names it.
public struct StreamName: Hashable, Sendable, Comparable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  /// The name as text.
  public let text: String
  /// Makes a name of any text.
  public init(_ text: String) { self.text = text }
  /// Makes a name of a literal.
  public init(stringLiteral text: String) { self.text = text }
  /// The name as text.
  public var description: String { text }
  /// Equal byte for byte (law L11).
  public static func == (left: StreamName, right: StreamName) -> Bool {
    left.text.isSameBytes(as: right.text)
  }
  /// Orders by bytes.
  public static func < (left: StreamName, right: StreamName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  /// The stream in which truncation and tombstone of this one are events: `$$` and the name.
  public var control: StreamName { StreamName("$$" + text) }
  /// The stream that this control stream speaks of; nil if this is no control stream.
  public var controlled: StreamName? {
    // Bytes, not characters: a mark that combines with the second $ would hide it.
    guard text.utf8.starts(with: "$$".utf8) else { return nil }
    return StreamName(String(decoding: text.utf8.dropFirst(2), as: UTF8.self))
  }
}

/// The type of an event, for example `PostPublished`: 1–255 bytes.
public struct EventType: Hashable, Sendable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  /// The type as text.
  public let text: String
  /// Makes a type of any text.
  public init(_ text: String) { self.text = text }
  /// Equal byte for byte (law L11).
  public static func == (left: EventType, right: EventType) -> Bool {
    left.text.isSameBytes(as: right.text)
  }
  /// Makes a type of a literal.
  public init(stringLiteral text: String) { self.text = text }
  /// The type as text.
  public var description: String { text }
}

/// A text that conditions and queries find events by, for example `slug:tides`: 1–255 bytes.
public struct Tag: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The tag as text.
  public let text: String
  /// Makes a tag of any text.
  public init(_ text: String) { self.text = text }
  /// Equal byte for byte (law L11).
  public static func == (left: Tag, right: Tag) -> Bool { left.text.isSameBytes(as: right.text) }
  /// Makes a tag of a literal.
  public init(stringLiteral text: String) { self.text = text }
  /// The tag as text.
  public var description: String { text }
}

/// The place of an event in its stream, from 0, contiguous.
public struct StreamRevision: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The revision as a number.
  public let number: UInt64
  /// Makes a revision of a number.
  public init(_ number: UInt64) { self.number = number }
  /// The first revision of every stream.
  public static let first = StreamRevision(0)
  /// The highest revision there can be; a backward read starts here to begin at the last.
  public static let max = StreamRevision(.max)
  /// The revision after this one.
  public var next: StreamRevision { StreamRevision(number + 1) }
  /// The number in decimal.
  public var description: String { String(number) }
  /// Orders by number.
  public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// The place of an event in the whole log, from 1, contiguous, in commit order.
public struct GlobalPosition: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The position as a number.
  public let number: UInt64
  /// Makes a position of a number.
  public init(_ number: UInt64) { self.number = number }
  /// Before the first event; the head of an empty log.
  public static let start = GlobalPosition(0)
  /// The highest position there can be.
  public static let max = GlobalPosition(.max)
  /// The position after this one.
  public var next: GlobalPosition { GlobalPosition(number + 1) }
  /// The number in decimal.
  public var description: String { String(number) }
  /// Orders by number.
  public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

extension String {
  /// Whether both hold the same UTF-8 bytes.
  ///
  /// `==` folds canonically equivalent texts into one ("é" and "e" with an accent), and would let
  /// one name stand for another.
  package func isSameBytes(as other: String) -> Bool {
    self == other && utf8.elementsEqual(other.utf8)
  }
}
