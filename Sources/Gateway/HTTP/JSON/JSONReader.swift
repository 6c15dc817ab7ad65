/// Why bytes are not acceptable JSON, and where.
package struct JSONFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// A sentence without its full stop.
  package let reason: String
  /// The byte at which it was found, from 0.
  package let offset: Int

  package var description: String { "\(reason), at byte \(offset)" }
}

/// Reads JSON (RFC 8259) strictly.
///
/// - Shape: one value and white space around it; UTF-8 without a mark and without unpaired
///   surrogates; a name twice in one object is a fault, because readers disagree on which counts.
/// - Units: depth counts nested containers, members count object members and array elements.
package struct JSONReader {
  /// How much is read before a text is refused.
  package struct Limits: Sendable {
    /// Nested containers: each costs stack.
    let depth: Int
    /// Members and elements.
    let members: Int

    /// Of what a client sends.
    package static let request = Limits(
      depth: GatewayLimits.jsonDepth,
      members: GatewayLimits.jsonMembers
    )
    /// Of what a server or a file of the operator says: only the stack is guarded.
    package static let answer = Limits(depth: 128, members: .max)
  }

  private let limits: Limits
  private let bytes: UnsafeBufferPointer<UInt8>
  private var index = 0
  private var depth = 0
  private var members = 0

  private init(_ bytes: UnsafeBufferPointer<UInt8>, _ limits: Limits) {
    self.bytes = bytes
    self.limits = limits
  }

  /// Reads the one value in `bytes`.
  package static func value(
    of bytes: some Sequence<UInt8>,
    within limits: Limits = .request
  ) throws(JSONFault) -> JSONValue {
    try Array(bytes).withUnsafeBufferPointer { (pointer) throws(JSONFault) in
      var reader = JSONReader(pointer, limits)
      return try reader.document()
    }
  }

  private mutating func document() throws(JSONFault) -> JSONValue {
    skipSpace()
    let value = try value()
    skipSpace()
    guard index == bytes.count else { throw fault("Something follows the value") }
    return value
  }

  private mutating func value() throws(JSONFault) -> JSONValue {
    guard index < bytes.count else { throw fault("The text ends where a value should stand") }
    switch bytes[index] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try text())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), 0x30...0x39: return try number()
    default: throw fault("No value begins so")
    }
  }

  private mutating func object() throws(JSONFault) -> JSONValue {
    try enter()
    var found: [JSONValue.Member] = []
    var names: Set<String> = []
    skipSpace()
    if take("}") {
      depth -= 1
      return .object(found)
    }
    while true {
      skipSpace()
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
        throw fault("A member's name should stand here")
      }
      let start = index
      let name = try text()
      // Swift takes canonically equal names for one; only equal bytes are a repetition.
      let isNew = names.insert(name).inserted
      guard isNew || !found.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
        index = start
        throw fault("The object has a member of this name already")
      }
      skipSpace()
      guard take(":") else { throw fault("A colon should follow the name") }
      skipSpace()
      try count()
      found.append(JSONValue.Member(name: name, value: try value()))
      skipSpace()
      if take(",") { continue }
      guard take("}") else { throw fault("A comma or the object's end should stand here") }
      depth -= 1
      return .object(found)
    }
  }

  private mutating func array() throws(JSONFault) -> JSONValue {
    try enter()
    var found: [JSONValue] = []
    skipSpace()
    if take("]") {
      depth -= 1
      return .array(found)
    }
    while true {
      skipSpace()
      try count()
      found.append(try value())
      skipSpace()
      if take(",") { continue }
      guard take("]") else { throw fault("A comma or the array's end should stand here") }
      depth -= 1
      return .array(found)
    }
  }

  private mutating func number() throws(JSONFault) -> JSONValue {
    let start = index
    _ = take("-")
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[index - whole] != UInt8(ascii: "0") else {
      throw fault("A number has one digit at least and no zero in front")
    }
    if take(".") {
      guard digits() > 0 else { throw fault("A digit should follow the point") }
    }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard digits() > 0 else { throw fault("A digit should follow the exponent's mark") }
    }
    return .number(String(decoding: bytes[start..<index], as: UTF8.self))
  }

  private mutating func digits() -> Int {
    let start = index
    while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
    return index - start
  }

  private mutating func text() throws(JSONFault) -> String {
    let start = index + 1
    index = start
    while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x5C, bytes[index] >= 0x20 {
      index += 1
    }
    if index < bytes.count, bytes[index] == 0x22 {
      // The common case: no escape, one copy.
      let run = UnsafeBufferPointer(rebasing: bytes[start..<index])
      guard let text = String(validating: run, as: UTF8.self) else {
        index = start
        throw fault("The text is not UTF-8")
      }
      index += 1
      return text
    }
    return try escapedText(from: start)
  }

  private mutating func escapedText(from start: Int) throws(JSONFault) -> String {
    var content = Array(bytes[start..<index])
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x22 {
        guard let text = String(validating: content, as: UTF8.self) else {
          index = start
          throw fault("The text is not UTF-8")
        }
        index += 1
        return text
      }
      guard byte >= 0x20 else { throw fault("A control character must be escaped") }
      index += 1
      guard byte == 0x5C else {
        content.append(byte)
        continue
      }
      guard index < bytes.count else { break }
      let escape = bytes[index]
      index += 1
      switch escape {
      case 0x22, 0x5C, UInt8(ascii: "/"): content.append(escape)
      case UInt8(ascii: "b"): content.append(0x08)
      case UInt8(ascii: "f"): content.append(0x0C)
      case UInt8(ascii: "n"): content.append(0x0A)
      case UInt8(ascii: "r"): content.append(0x0D)
      case UInt8(ascii: "t"): content.append(0x09)
      case UInt8(ascii: "u"): content += Array(String(Character(try scalar())).utf8)
      default: throw fault("No escape is written so")
      }
    }
    throw fault("The text has no end")
  }

  private mutating func scalar() throws(JSONFault) -> Unicode.Scalar {
    let first = try unit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, take("\\"), take("u") else {
      throw fault("Half of a surrogate pair stands alone")
    }
    let second = try unit()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw fault("Half of a surrogate pair stands alone") }
    return scalar
  }

  private mutating func unit() throws(JSONFault) -> UInt32 {
    guard bytes.count - index >= 4 else { throw fault("Four hexadecimal digits should follow") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes[index]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x61...0x66: digit = byte - 0x61 + 10
      case 0x41...0x46: digit = byte - 0x41 + 10
      default: throw fault("Four hexadecimal digits should follow")
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  private mutating func literal(
    _ word: StaticString,
    _ value: JSONValue
  ) throws(JSONFault) -> JSONValue {
    let matches = word.withUTF8Buffer { letters in
      bytes.count - index >= letters.count
        && bytes[index..<(index + letters.count)].elementsEqual(letters)
    }
    guard matches else { throw fault("No value begins so") }
    index += word.utf8CodeUnitCount
    return value
  }

  private mutating func enter() throws(JSONFault) {
    index += 1
    depth += 1
    guard depth <= limits.depth else {
      throw fault("Nesting goes deeper than \(limits.depth)")
    }
  }

  private mutating func count() throws(JSONFault) {
    members += 1
    guard members <= limits.members else {
      throw fault("There are more than \(limits.members) members")
    }
  }

  private mutating func skipSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return
      }
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private func fault(_ reason: String) -> JSONFault { JSONFault(reason: reason, offset: index) }
}
