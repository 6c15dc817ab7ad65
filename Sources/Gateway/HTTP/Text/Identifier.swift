internal import WeaveRuntime

/// UUIDs as bytes and as text (RFC 9562).
package enum Identifier {
  private static let digits = Array("0123456789abcdef".utf8)

  /// A UUIDv7: 48 bits of milliseconds, then random bits.
  package static func make() -> [UInt8] {
    let milliseconds = UInt64(max(0, MomentText.now() / 1000))
    var random = SystemRandomNumberGenerator()
    let high = milliseconds << 16 | 0x7000 | random.next() & 0x0FFF
    let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return [high, low].flatMap { half in
      (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) }
    }
  }

  /// The 36 lower-case characters of 16 bytes; empty for any other count.
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    guard bytes.count == 16 else { return "" }
    return String(unsafeUninitializedCapacity: 36) { buffer in
      var place = 0
      for (index, byte) in bytes.enumerated() {
        if index == 4 || index == 6 || index == 8 || index == 10 {
          buffer[place] = UInt8(ascii: "-")
          place += 1
        }
        buffer[place] = digits[Int(byte >> 4)]
        buffer[place + 1] = digits[Int(byte & 15)]
        place += 2
      }
      return place
    }
  }

  /// The 16 bytes of a UUID's 36 characters, in either case; nil if `text` is anything else.
  package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    guard text.utf8.count == 36 else { return nil }
    var bytes: [UInt8] = []
    var half: UInt8?
    for (index, byte) in text.utf8.enumerated() {
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      let value: UInt8
      switch byte {
      case 0x30...0x39: value = byte - 0x30
      case 0x61...0x66: value = byte - 0x61 + 10
      case 0x41...0x46: value = byte - 0x41 + 10
      default: return nil
      }
      if let high = half {
        bytes.append(high << 4 | value)
        half = nil
      } else {
        half = value
      }
    }
    return bytes
  }

  /// Lower-case hexadecimal digits.
  package static func hex(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
