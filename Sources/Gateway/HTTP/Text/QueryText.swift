/// The query of a request target, percent-decoded strictly.
package struct QueryText: Sendable {
  /// Names and values in the order given.
  package let items: [(name: String, value: String)]

  /// Reads the part behind `?`; a bad percent escape or bad UTF-8 is a malformed request.
  package init(_ raw: Substring?) throws(Problem) {
    guard let raw, !raw.isEmpty else {
      items = []
      return
    }
    var items: [(name: String, value: String)] = []
    for pair in raw.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0], plusIsSpace: true),
        let value = parts.count > 1 ? Self.decoded(parts[1], plusIsSpace: true) : ""
      else {
        throw Problem(.malformedRequest, "The query holds a broken percent escape or bad UTF-8.")
      }
      items.append((name, value))
    }
    self.items = items
  }

  /// The value of a parameter, or nil; given twice it is a malformed request.
  package func value(_ name: String) throws(Problem) -> String? {
    var found: String?
    for item in items where item.name == name {
      if found != nil {
        throw Problem(.malformedRequest, "The query names a parameter twice.", pointer: name)
      }
      found = item.value
    }
    return found
  }

  /// A whole number within `range`, or nil if the parameter is not given.
  package func number<N: FixedWidthInteger>(
    _ name: String,
    _ range: ClosedRange<N>
  ) throws(Problem) -> N? {
    guard let text = try value(name) else { return nil }
    guard let number = N(text), range.contains(number), text.utf8.first != UInt8(ascii: "+") else {
      throw Problem(
        .validation,
        errors: [
          .init(
            name,
            "out-of-range",
            "A whole number from \(range.lowerBound) to \(range.upperBound)."
          )
        ]
      )
    }
    return number
  }

  /// Takes percent escapes out; nil for a broken one or for bytes that are not UTF-8.
  package static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(text)
    }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble)
        else { return nil }
        bytes.append(high << 4 | low)
      } else if byte == UInt8(ascii: "+"), plusIsSpace {
        bytes.append(UInt8(ascii: " "))
      } else {
        bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Percent-encodes everything but RFC 3986's unreserved characters.
  package static func encoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }
}
