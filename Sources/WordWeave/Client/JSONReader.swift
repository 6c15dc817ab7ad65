/// What is wrong with a text that should be JSON.
struct JSONError: Error, CustomStringConvertible {
  let place: Int
  let complaint: String
  var description: String { "\(complaint) at byte \(place)" }
}

extension JSONValue {
  /// Reads one JSON value that fills `bytes` (RFC 8259; UTF-8 is checked).
  init(parsing bytes: [UInt8]) throws(JSONError) {
    self = try bytes.withUnsafeBufferPointer { (pointer) throws(JSONError) in
      var reader = JSONReader(bytes: pointer)
      return try reader.document()
    }
  }

  /// Reads one JSON value that fills `text`.
  init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}

/// A recursive reader over borrowed bytes.
private struct JSONReader {
  /// Deeper texts are refused: each level costs stack.
  private static let depthLimit = 128

  let bytes: UnsafeBufferPointer<UInt8>
  private var place = 0
  private var depth = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value()
    skipSpace()
    guard place == bytes.count else { throw error("found more after the value") }
    return value
  }

  private func error(_ complaint: String) -> JSONError {
    JSONError(place: place, complaint: complaint)
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      place += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    place += 1
    return true
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    guard let byte = next else { throw error("found the end instead of a value") }
    switch byte {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError)
    -> JSONValue
  {
    for offset in 0..<word.utf8CodeUnitCount where !take(word.utf8Start[offset]) {
      throw error("expected '\(word)'")
    }
    return value
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var members: [JSONValue.Member] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object([JSONValue.Member]()) }
    repeat {
      skipSpace()
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
      members.append(JSONValue.Member(name: name, value: try value()))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("expected '}'") }
    return .object(members)
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var items: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      items.append(try value())
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("expected ']'") }
    return .array(items)
  }

  private mutating func enter() throws(JSONError) {
    place += 1
    depth += 1
    guard depth <= Self.depthLimit else { throw error("nested deeper than \(Self.depthLimit)") }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = place
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "-")) { _ = take(UInt8(ascii: "+")) }
      try digits()
    }
    return .number(String(decoding: bytes[start..<place], as: UTF8.self))
  }

  private mutating func digits() throws(JSONError) {
    let start = place
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
    guard place > start else { throw error("expected a value") }
  }

  private mutating func string() throws(JSONError) -> String {
    guard take(UInt8(ascii: "\"")) else { throw error("expected a text") }
    var start = place
    var collected: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        collected += bytes[start..<place]
        place += 1
        guard let text = String(validating: collected, as: UTF8.self) else {
          throw error("the text before is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"):
        collected += bytes[start..<place]
        place += 1
        try escape(into: &collected)
        start = place
      case 0..<0x20: throw error("found a bare control character in a text")
      default: place += 1
      }
    }
    throw error("found the end inside a text")
  }

  private mutating func escape(into collected: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw error("found the end inside a text") }
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): collected.append(byte)
    case UInt8(ascii: "n"): collected.append(0x0A)
    case UInt8(ascii: "t"): collected.append(0x09)
    case UInt8(ascii: "r"): collected.append(0x0D)
    case UInt8(ascii: "b"): collected.append(0x08)
    case UInt8(ascii: "f"): collected.append(0x0C)
    case UInt8(ascii: "u"):
      var code = try hex()
      if (0xD800..<0xDC00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
        let low = try hex()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      collected += String(Character(scalar)).utf8
    default: throw error("unknown escape")
    }
  }

  private mutating func hex() throws(JSONError) -> UInt32 {
    guard place + 4 <= bytes.count else { throw error("expected four hex digits") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue else {
        throw error("expected four hex digits")
      }
      code = code << 4 | UInt32(digit)
      place += 1
    }
    return code
  }
}
