internal import Synchronization

/// The identity of an event: a UUID (RFC 9562), the caller's or a UUIDv7 of the log.
///
/// One id names one event in the whole log, for ever (law L15).
public struct EventID: Hashable, Sendable, Comparable {
  /// The first eight bytes, big-endian.
  public let high: UInt64
  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// The nil UUID, which no event may bear.
  public static let none = EventID(high: 0, low: 0)

  /// Makes an id of its two halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Makes a UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds, then random bits.
  public init(at time: Timestamp, using random: inout some RandomNumberGenerator) {
    let milliseconds = UInt64(clamping: time.microseconds / 1000) & 0xFFFF_FFFF_FFFF
    high = milliseconds << 16 | 0x7000 | random.next() & 0x0FFF
    low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
  }

  /// Positions that an id can name; events beyond have ids of random bits alone.
  ///
  /// So that 34 bits are left that nobody can foresee: an id for an event to come, made up by
  /// a caller, must not be the one that the log gives it.
  static let placeBound: UInt64 = 1 << 40

  /// Makes the id that a log gives the event at a position: a UUIDv7 (RFC 9562, 5.7) whose counter
  /// (6.2) is the position.
  ///
  /// It needs no index: an id that names its event's own place is found there (see `names`).
  package init(
    at time: Timestamp,
    place: UInt64,
    using random: inout some RandomNumberGenerator
  ) {
    let drawn = EventID(at: time, using: &random)
    guard place < Self.placeBound else {
      self = drawn
      return
    }
    high = drawn.high & ~0xFFF | place >> 28
    low = drawn.low & 0xC000_0003_FFFF_FFFF | (place & 0xFFF_FFFF) << 34
  }

  /// The position that the id names if a log gave it; any UUIDv7 names one.
  package var place: UInt64? {
    guard high >> 12 & 0xF == 7, low >> 62 == 0b10 else { return nil }
    return (high & 0xFFF) << 28 | low >> 34 & 0xFFF_FFFF
  }

  /// Whether an event of this id at `position` is found by the id alone, so that no index holds it.
  package func names(_ position: UInt64) -> Bool { place == position }

  /// Makes a UUIDv7 of the system's clock and random numbers.
  public static func make() -> EventID {
    random.withLock { EventID(at: .now, using: &$0) }
  }

  private static let random = Mutex(StockedRandom())

  /// Reads the 36 characters of a UUID, in either case; nil if `text` is anything else.
  public init?(_ text: some StringProtocol) {
    var digits = 0
    var halves: (UInt64, UInt64) = (0, 0)
    var index = 0
    for byte in text.utf8 {
      defer { index += 1 }
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let digit = Self.value(ofHex: byte), digits < 32 else { return nil }
      if digits < 16 {
        halves.0 = halves.0 << 4 | digit
      } else {
        halves.1 = halves.1 << 4 | digit
      }
      digits += 1
    }
    guard digits == 32, index == 36 else { return nil }
    self.init(high: halves.0, low: halves.1)
  }

  /// Reads 16 bytes, big-endian; nil for any other count.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
    }
    self.init(high: high, low: low)
  }

  /// The 16 bytes, big-endian.
  public var bytes: [UInt8] {
    [high, low].flatMap { half in
      (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) }
    }
  }

  /// Orders by bytes; UUIDv7 thus order by time.
  public static func < (left: EventID, right: EventID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  private static func value(ofHex byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}

extension EventID: CustomStringConvertible {
  /// The 36 lower-case characters of RFC 9562.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for (index, byte) in bytes.enumerated() {
      if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
