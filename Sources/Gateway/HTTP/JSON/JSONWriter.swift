package import NIOCore
internal import WeaveRuntime

/// Writes JSON straight into a buffer: no tree, no reflection, no intermediate text.
///
/// Commas are the writer's business; that names are not repeated is the caller's.
package struct JSONWriter {
  /// What was written so far.
  package private(set) var buffer: ByteBuffer
  private var needsComma = false

  /// Starts with room for about `capacity` bytes.
  package init(capacity: Int = 512) {
    buffer = ByteBufferAllocator().buffer(capacity: capacity)
  }

  /// Writes `{`, what `body` writes, `}`.
  package mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
    separate()
    buffer.writeInteger(UInt8(ascii: "{"))
    needsComma = false
    try body(&self)
    buffer.writeInteger(UInt8(ascii: "}"))
    needsComma = true
  }

  /// Writes `[`, what `body` writes, `]`.
  package mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
    separate()
    buffer.writeInteger(UInt8(ascii: "["))
    needsComma = false
    try body(&self)
    buffer.writeInteger(UInt8(ascii: "]"))
    needsComma = true
  }

  /// Writes a member's name, which needs no escaping.
  package mutating func key(_ name: StaticString) {
    separate()
    buffer.writeInteger(UInt8(ascii: "\""))
    buffer.writeStaticString(name)
    buffer.writeStaticString("\":")
    needsComma = false
  }

  /// Writes a member's name.
  package mutating func key(_ name: String) {
    separate()
    quote(name)
    buffer.writeInteger(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a text.
  package mutating func text(_ value: String) {
    separate()
    quote(value)
    needsComma = true
  }

  /// Writes a whole number.
  package mutating func number(_ value: some FixedWidthInteger) {
    separate()
    buffer.writeString(String(value))
    needsComma = true
  }

  /// Writes a number; what JSON cannot say becomes null.
  package mutating func number(_ value: Double) {
    separate()
    buffer.writeString(value.isFinite ? "\(value)" : "null")
    needsComma = true
  }

  /// Writes true or false.
  package mutating func bool(_ value: Bool) {
    separate()
    if value { buffer.writeStaticString("true") } else { buffer.writeStaticString("false") }
    needsComma = true
  }

  /// Writes null.
  package mutating func null() {
    separate()
    buffer.writeStaticString("null")
    needsComma = true
  }

  /// Writes a moment given in microseconds since 1970.
  package mutating func moment(_ microseconds: Int64) {
    separate()
    buffer.writeInteger(UInt8(ascii: "\""))
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: MomentText.count) { raw in
      MomentText.write(microseconds, into: raw.bindMemory(to: UInt8.self))
    }
    buffer.writeInteger(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Writes JSON that is ready-made.
  package mutating func raw(_ json: String) {
    separate()
    buffer.writeString(json)
    needsComma = true
  }

  /// Ends a line of `application/x-ndjson`.
  package mutating func endLine() {
    buffer.writeInteger(UInt8(ascii: "\n"))
    needsComma = false
  }

  private mutating func separate() {
    if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
  }

  /// Writes a text between quotes.
  ///
  /// The first pass tells the exact room, the second fills it, so that the buffer grows once. Both
  /// step over eight bytes at a time where none needs escaping: a long body is mostly such bytes.
  private mutating func quote(_ value: String) {
    var value = value
    value.withUTF8 { text in
      let bytes = UnsafeRawBufferPointer(text)
      var extra = 0
      Self.forEachEscaped(bytes) { index in
        extra += Self.shortEscape(bytes[index]) == 0 ? 5 : 1
      }
      let count = bytes.count + extra + 2
      buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
        room[0] = 0x22
        var copied = 0
        var end = 1
        func copy(upTo index: Int) {
          UnsafeMutableRawBufferPointer(rebasing: room[end...]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[copied..<index])
          )
          end += index - copied
        }
        Self.forEachEscaped(bytes) { index in
          copy(upTo: index)
          end += Self.escape(bytes[index], into: room, at: end)
          copied = index + 1
        }
        copy(upTo: bytes.count)
        room[end] = 0x22
        return count
      }
    }
  }

  /// Visits the places of quotes, backslashes and control characters.
  private static func forEachEscaped(
    _ bytes: UnsafeRawBufferPointer,
    _ visit: (Int) -> Void
  ) {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    var index = 0
    while index < bytes.count {
      var end = bytes.count
      if bytes.count - index >= 8 {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let quote = word ^ (ones &* 0x22)
        let slash = word ^ (ones &* 0x5C)
        // A byte's top bit is set where the byte is below 0x20, or where a difference is zero.
        let found =
          (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote | (slash &- ones) & ~slash
        guard found & tops != 0 else {
          index += 8
          continue
        }
        end = index + 8
      }
      while index < end {
        let byte = bytes[index]
        if byte < 0x20 || byte == 0x22 || byte == 0x5C { visit(index) }
        index += 1
      }
    }
  }

  /// The letter behind the backslash; 0 for bytes that need `\u00xx`.
  private static func shortEscape(_ byte: UInt8) -> UInt8 {
    switch byte {
    case 0x22, 0x5C: byte
    case 0x0A: UInt8(ascii: "n")
    case 0x0D: UInt8(ascii: "r")
    case 0x09: UInt8(ascii: "t")
    default: 0
    }
  }

  private static func escape(
    _ byte: UInt8,
    into room: UnsafeMutableRawBufferPointer,
    at index: Int
  ) -> Int {
    room[index] = 0x5C
    let letter = shortEscape(byte)
    guard letter == 0 else {
      room[index + 1] = letter
      return 2
    }
    let digits: StaticString = "0123456789abcdef"
    room[index + 1] = UInt8(ascii: "u")
    room[index + 2] = UInt8(ascii: "0")
    room[index + 3] = UInt8(ascii: "0")
    digits.withUTF8Buffer {
      room[index + 4] = $0[Int(byte >> 4)]
      room[index + 5] = $0[Int(byte & 15)]
    }
    return 6
  }
}

extension JSONWriter {
  package mutating func member(_ name: StaticString, _ value: String) {
    key(name)
    text(value)
  }
  package mutating func member(_ name: StaticString, _ value: some FixedWidthInteger) {
    key(name)
    number(value)
  }
  package mutating func member(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }
  package mutating func member(_ name: StaticString, moment microseconds: Int64) {
    key(name)
    moment(microseconds)
  }
  package mutating func member(_ name: StaticString, _ values: [String]) {
    key(name)
    array { for value in values { $0.text(value) } }
  }
  /// Empty stands for "none" on the wire between services, null for readers.
  package mutating func member(_ name: StaticString, orNull value: String) {
    key(name)
    if value.isEmpty { null() } else { text(value) }
  }
}
