internal import Measuring

/// What is written and read of protobuf here: fields of varints and of bytes.
enum Protobuf {
  static func varint(_ value: UInt64, into bytes: inout [UInt8]) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  static func field(_ number: UInt8, varint value: UInt64, into bytes: inout [UInt8]) {
    bytes.append(number << 3)
    varint(value, into: &bytes)
  }

  static func field(_ number: UInt8, _ content: some Collection<UInt8>, into bytes: inout [UInt8]) {
    bytes.append(number << 3 | 2)
    varint(UInt64(content.count), into: &bytes)
    bytes.append(contentsOf: content)
  }

  /// A message as gRPC sends it: one byte for "not compressed", four of length, the message.
  static func framed(_ body: (inout [UInt8]) -> Void, reserving count: Int = 64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 5)
    bytes.append(contentsOf: [0, 0, 0, 0, 0])
    body(&bytes)
    let length = UInt32(bytes.count - 5)
    for place in 0..<4 { bytes[1 + place] = UInt8(truncatingIfNeeded: length >> (24 - 8 * place)) }
    return bytes
  }

  /// Calls `body` for each field with its number, its number's value or its bytes.
  static func read(
    _ message: UnsafeRawBufferPointer,
    _ body: (Int, UInt64, UnsafeRawBufferPointer) -> Void
  ) throws(Trouble) {
    var place = 0
    func varint() -> UInt64? {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while place < message.count, shift < 64 {
        let byte = message[place]
        place += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      return nil
    }
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    while place < message.count {
      guard let key = varint(), let value = varint() else { throw Trouble("no protobuf") }
      switch key & 7 {
      case 0: body(Int(key >> 3), value, none)
      case 2:
        guard value <= UInt64(message.count - place) else { throw Trouble("no protobuf") }
        let end = place + Int(value)
        body(Int(key >> 3), 0, UnsafeRawBufferPointer(rebasing: message[place..<end]))
        place = end
      default: throw Trouble("a protobuf field of kind \(key & 7)")
      }
    }
  }
}
