/// A JSON text that somebody appended, checked and written anew without white space.
///
/// - Shape: as RFC 8259 has it, and no name twice in one object (nor two that Swift takes for one),
///   because readers disagree on which counts; numbers stay as they were written, texts are escaped
///   where they must be.
package struct CompactJSON: Equatable, Sendable {
  /// A member of the object.
  package struct Member: Equatable, Sendable {
    /// Without its escapes.
    package let name: String
    /// JSON.
    package let value: String

    /// Makes a member.
    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Nested containers: each costs stack, and answers put some around what they show.
  private static let depth = 64

  private static let hexDigits = Array("0123456789abcdef".utf8)

  /// On one line.
  package let text: String
  /// The members in their order; nil if this is no object.
  package let members: [Member]?

  /// Reads the one value in `bytes`; nil if they are no such JSON.
  package init?(_ bytes: [UInt8]) {
    var copy = Copy(bytes: bytes, depth: Self.depth)
    do { try copy.document() } catch { return nil }
    text = String(decoding: copy.out, as: UTF8.self)
    members = copy.out.first == UInt8(ascii: "{") ? copy.members : nil
  }

  /// A text between quotes.
  package static func quoted(_ text: String) -> String {
    var out: [UInt8] = []
    write(text, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// Writes a text between quotes, and what must not stand there as an escape.
  package static func write(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): out += "\\\"".utf8
      case UInt8(ascii: "\\"): out += "\\\\".utf8
      case UInt8(ascii: "\n"): out += "\\n".utf8
      case UInt8(ascii: "\r"): out += "\\r".utf8
      case UInt8(ascii: "\t"): out += "\\t".utf8
      case 0..<0x20, 0x7F:
        out += "\\u00".utf8
        out.append(hexDigits[Int(byte >> 4)])
        out.append(hexDigits[Int(byte & 15)])
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}

/// Reads JSON and writes it again.
private struct Copy {
  /// That the bytes are no JSON.
  struct Fault: Error {}

  let bytes: [UInt8]
  /// Containers that may lie in one another.
  let depth: Int
  private(set) var out: [UInt8] = []
  /// Those of the outermost object.
  private(set) var members: [CompactJSON.Member] = []
  private var place = 0
  private var level = 0

  init(bytes: [UInt8], depth: Int) {
    self.bytes = bytes
    self.depth = depth
    out.reserveCapacity(bytes.count)
  }

  mutating func document() throws(Fault) {
    skipSpace()
    try value()
    skipSpace()
    guard place == bytes.count else { throw Fault() }
  }

  private mutating func value() throws(Fault) {
    guard let first = next else { throw Fault() }
    switch first {
    case UInt8(ascii: "{"): try object()
    case UInt8(ascii: "["): try array()
    case UInt8(ascii: "\""): CompactJSON.write(try text(), to: &out)
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try number()
    }
  }

  private mutating func object() throws(Fault) {
    try enter("{")
    var names: Set<String> = []
    skipSpace()
    if take("}") { return leave("}") }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw Fault() }
      let name = try text()
      guard names.insert(name).inserted else { throw Fault() }
      skipSpace()
      guard take(":") else { throw Fault() }
      skipSpace()
      CompactJSON.write(name, to: &out)
      out.append(UInt8(ascii: ":"))
      let start = out.count
      try value()
      if level == 1 {
        members.append(.init(name: name, value: String(decoding: out[start...], as: UTF8.self)))
      }
      skipSpace()
      if take("}") { return leave("}") }
      guard take(",") else { throw Fault() }
      out.append(UInt8(ascii: ","))
    }
  }

  private mutating func array() throws(Fault) {
    try enter("[")
    skipSpace()
    if take("]") { return leave("]") }
    while true {
      skipSpace()
      try value()
      skipSpace()
      if take("]") { return leave("]") }
      guard take(",") else { throw Fault() }
      out.append(UInt8(ascii: ","))
    }
  }

  private mutating func number() throws(Fault) {
    let start = place
    _ = take("-")
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[place - whole] != UInt8(ascii: "0") else { throw Fault() }
    if take(".") {
      guard digits() > 0 else { throw Fault() }
    }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard digits() > 0 else { throw Fault() }
    }
    out += bytes[start..<place]
  }

  private mutating func digits() -> Int {
    let start = place
    while let byte = next, (0x30...0x39).contains(byte) { place += 1 }
    return place - start
  }

  private mutating func word(_ word: String) throws(Fault) {
    guard bytes[place...].starts(with: word.utf8) else { throw Fault() }
    place += word.utf8.count
    out += word.utf8
  }

  /// The text whose quote comes next.
  private mutating func text() throws(Fault) -> String {
    place += 1
    var content: [UInt8] = []
    while let byte = next, byte >= 0x20 {
      place += 1
      if byte == UInt8(ascii: "\"") {
        guard let text = String(validating: content, as: UTF8.self) else { throw Fault() }
        return text
      }
      guard byte == UInt8(ascii: "\\") else {
        content.append(byte)
        continue
      }
      guard let escape = next else { throw Fault() }
      place += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(escape)
      case UInt8(ascii: "b"): content.append(0x08)
      case UInt8(ascii: "f"): content.append(0x0C)
      case UInt8(ascii: "n"): content.append(0x0A)
      case UInt8(ascii: "r"): content.append(0x0D)
      case UInt8(ascii: "t"): content.append(0x09)
      case UInt8(ascii: "u"): content += Array(String(Character(try scalar())).utf8)
      default: throw Fault()
      }
    }
    throw Fault()
  }

  private mutating func scalar() throws(Fault) -> Unicode.Scalar {
    let first = try unit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, take("\\"), take("u") else { throw Fault() }
    let second = try unit()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw Fault() }
    return scalar
  }

  private mutating func unit() throws(Fault) -> UInt32 {
    guard bytes.count - place >= 4 else { throw Fault() }
    var value: UInt32 = 0
    for byte in bytes[place..<(place + 4)] {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x61...0x66: digit = byte - 0x61 + 10
      case 0x41...0x46: digit = byte - 0x41 + 10
      default: throw Fault()
      }
      value = value << 4 | UInt32(digit)
    }
    place += 4
    return value
  }

  private mutating func enter(_ bracket: Unicode.Scalar) throws(Fault) {
    guard level < depth else { throw Fault() }
    level += 1
    place += 1
    out.append(UInt8(ascii: bracket))
  }

  private mutating func leave(_ bracket: Unicode.Scalar) {
    level -= 1
    out.append(UInt8(ascii: bracket))
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      place += 1
    }
  }
}
