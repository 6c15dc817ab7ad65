/// Base64 (RFC 4648) in its two alphabets.
package enum Base64Text {
  private static let urlAlphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
  )
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
  )
  private static let urlValues: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, byte) in urlAlphabet.enumerated() { values[Int(byte)] = UInt8(value) }
    return values
  }()

  /// Renders with the URL alphabet and without padding.
  package static func urlEncoded(_ bytes: some Sequence<UInt8>) -> String {
    encoded(Array(bytes), urlAlphabet, padded: false)
  }

  /// Renders with the common alphabet and padding.
  package static func encoded(_ bytes: some Sequence<UInt8>) -> String {
    encoded(Array(bytes), alphabet, padded: true)
  }

  private static func encoded(_ bytes: [UInt8], _ letters: [UInt8], padded: Bool) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 3 * 4 + 4)
    var index = 0
    while index < bytes.count {
      let count = min(3, bytes.count - index)
      var group = UInt32(bytes[index]) << 16
      if count > 1 { group |= UInt32(bytes[index + 1]) << 8 }
      if count > 2 { group |= UInt32(bytes[index + 2]) }
      for place in 0...count { text.append(letters[Int(group >> (18 - 6 * UInt32(place)) & 63)]) }
      if padded { for _ in count..<3 { text.append(UInt8(ascii: "=")) } }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads the URL alphabet strictly: no padding, no white space, no stray bits at the end; nil
  /// otherwise.
  ///
  /// Two texts therefore never stand for the same bytes.
  package static func urlDecoded(_ text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count * 3 / 4)
    var group: UInt32 = 0
    var count = 0
    for byte in text.utf8 {
      let value = urlValues[Int(byte)]
      guard value != 0xFF else { return nil }
      group = group << 6 | UInt32(value)
      count += 1
      guard count == 4 else { continue }
      bytes.append(UInt8(truncatingIfNeeded: group >> 16))
      bytes.append(UInt8(truncatingIfNeeded: group >> 8))
      bytes.append(UInt8(truncatingIfNeeded: group))
      group = 0
      count = 0
    }
    switch count {
    case 0: break
    case 2:
      guard group & 0xF == 0 else { return nil }
      bytes.append(UInt8(truncatingIfNeeded: group >> 4))
    case 3:
      guard group & 0x3 == 0 else { return nil }
      bytes.append(UInt8(truncatingIfNeeded: group >> 10))
      bytes.append(UInt8(truncatingIfNeeded: group >> 2))
    default: return nil
    }
    return bytes
  }
}
