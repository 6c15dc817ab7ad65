internal import CLinux

// The stored form of an event, version 1. Integers are little-endian.
//
//   offset  bytes  field
//        0      1  version (1)
//        1      1  flags: 1 has a stream · 2 has tracking · 4 removed · 8 has a given id
//                  · 16 the stream's name begins with `$$`, which is left out below, so that the
//                  control stream of the longest name fits · 32 the log chose the id
//        2      1  length of type          3  1  length of stream      4  1  length of contentType
//        5      1  count of tags           6  1  count of metadata     7  1  length of source
//        8      4  schemaVersion          12  4  length of data
//       16      4  length of metadata     20  4  length of tags
//       24      8  position               32  8  revision (0 without a stream)
//       40      8  recordedAt, microseconds
//       48     16  id, big-endian as in RFC 9562
//       64      …  type · stream · contentType · tags · metadata · tracking · given id · data
//     last      4  CRC-32C of everything before it
//
// tags: length (1), bytes. metadata: length of key (1), key, length of value (4), value.
// tracking: source, position (8). given id: 16 bytes.
//
// What is fixed before the position is known (admission) stands apart from what is stamped by the
// appender, so that stamping is a few stores and one checksum.

/// Stamps and checks stored events; `Envelope+Encode` makes them.
package enum Envelope {
  package static let version: UInt8 = 1
  package static let headerBytes = 64
  package static let checksumBytes = 4
  /// Smaller than this nothing is an envelope.
  package static let smallest = headerBytes + checksumBytes

  package enum Flag {
    package static let stream: UInt8 = 1
    package static let tracking: UInt8 = 2
    package static let removed: UInt8 = 4
    package static let givenID: UInt8 = 8
    package static let control: UInt8 = 16
    package static let chosenID: UInt8 = 32
  }

  package enum Offset {
    package static let flags = 1
    package static let typeLength = 2
    package static let streamLength = 3
    package static let contentTypeLength = 4
    package static let tagCount = 5
    package static let metadataCount = 6
    package static let sourceLength = 7
    package static let schemaVersion = 8
    package static let dataLength = 12
    package static let metadataLength = 16
    package static let tagsLength = 20
    package static let position = 24
    package static let revision = 32
    package static let recordedAt = 40
    package static let id = 48
    package static let type = 64
  }

  /// Writes the id, before the checksum is.
  package static func setID(_ id: EventID, of envelope: UnsafeMutableRawBufferPointer) {
    envelope.storeBytes(of: id.high.bigEndian, toByteOffset: Offset.id, as: UInt64.self)
    envelope.storeBytes(of: id.low.bigEndian, toByteOffset: Offset.id + 8, as: UInt64.self)
  }

  /// The id of an envelope.
  package static func id(of envelope: UnsafeRawBufferPointer) -> EventID {
    EventID(
      high: envelope.bigEndian(UInt64.self, at: Offset.id),
      low: envelope.bigEndian(UInt64.self, at: Offset.id + 8)
    )
  }

  /// Fills in what the appender assigns, and the checksum.
  ///
  /// `envelope` is exactly one envelope.
  package static func stamp(
    _ envelope: UnsafeMutableRawBufferPointer,
    position: GlobalPosition,
    revision: StreamRevision?,
    recordedAt: Timestamp
  ) {
    func store<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
      envelope.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
    }
    store(position.number, at: Offset.position)
    store(revision?.number ?? 0, at: Offset.revision)
    store(recordedAt.microseconds, at: Offset.recordedAt)
    let end = envelope.count - checksumBytes
    store(weave_crc32c(0, envelope.baseAddress, end), at: end)
  }

  /// The length that the header of `bytes` promises; nil if there is no whole header.
  package static func length(of bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= smallest else { return nil }
    let fixed = headerBytes + checksumBytes
    let texts =
      Int(bytes[Offset.typeLength]) + Int(bytes[Offset.streamLength])
      + Int(bytes[Offset.contentTypeLength])
    let flags = bytes[Offset.flags]
    let tracking = flags & Flag.tracking != 0 ? Int(bytes[Offset.sourceLength]) + 8 : 0
    let given = flags & Flag.givenID != 0 ? 16 : 0
    return fixed + texts + tracking + given
      + Int(bytes.littleEndian(UInt32.self, at: Offset.dataLength))
      + Int(bytes.littleEndian(UInt32.self, at: Offset.metadataLength))
      + Int(bytes.littleEndian(UInt32.self, at: Offset.tagsLength))
  }

  /// Says what is wrong with `bytes` as one whole envelope; nil if it is sound.
  package static func damage(in bytes: UnsafeRawBufferPointer) -> String? {
    guard let length = length(of: bytes) else {
      return "\(bytes.count) bytes are too few for an envelope"
    }
    guard bytes[0] == version else { return "envelope version \(bytes[0]) is not known" }
    guard length == bytes.count else {
      return "the envelope promises \(length) bytes and has \(bytes.count)"
    }
    let end = length - checksumBytes
    guard weave_crc32c(0, bytes.baseAddress, end) == bytes.littleEndian(UInt32.self, at: end)
    else { return "the checksum of the envelope does not match" }
    return nil
  }

  /// Says what is wrong inside an envelope whose length and checksum are right; nil if nothing is.
  ///
  /// For bytes that come from outside: whoever made them also made the checksum. What the log
  /// wrote itself is read without.
  package static func disorder(in bytes: UnsafeRawBufferPointer) -> String? {
    let known =
      Flag.stream | Flag.tracking | Flag.removed | Flag.givenID | Flag.control | Flag.chosenID
    let flags = bytes[Offset.flags]
    guard flags & ~known == 0 else { return "the envelope has unknown flags" }
    guard bytes[Offset.typeLength] > 0 else { return "the event has no type" }
    let hasStream = flags & Flag.stream != 0
    guard hasStream == (bytes[Offset.streamLength] > 0) else {
      return "the flags of the envelope disagree with its stream"
    }
    guard hasStream || flags & Flag.control == 0 else {
      return "the envelope is of a control stream and names none"
    }
    let tagsBegin =
      headerBytes + Int(bytes[Offset.typeLength]) + Int(bytes[Offset.streamLength])
      + Int(bytes[Offset.contentTypeLength])
    let tagsEnd = tagsBegin + Int(bytes.littleEndian(UInt32.self, at: Offset.tagsLength))
    let metadataEnd = tagsEnd + Int(bytes.littleEndian(UInt32.self, at: Offset.metadataLength))
    var place = tagsBegin
    for _ in 0..<bytes[Offset.tagCount] {
      guard place < tagsEnd else { return "the tags of the envelope overrun their length" }
      place += 1 + Int(bytes[place])
    }
    guard place == tagsEnd else { return "the tags of the envelope do not fill their length" }
    for _ in 0..<bytes[Offset.metadataCount] {
      guard place < metadataEnd else { return "the metadata overruns its length" }
      place += 1 + Int(bytes[place])
      guard place + 4 <= metadataEnd else { return "the metadata overruns its length" }
      place += 4 + Int(bytes.littleEndian(UInt32.self, at: place))
      guard place <= metadataEnd else { return "the metadata overruns its length" }
    }
    guard place == metadataEnd else { return "the metadata does not fill its length" }
    return nil
  }
}

extension [UInt8] {
  /// Appends an integer, lowest byte first.
  package mutating func append(littleEndian number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends an integer, highest byte first, so that bytes order as numbers do.
  package mutating func append(bigEndian number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }
}

extension UnsafeRawBufferPointer {
  /// Reads an integer that was stored lowest byte first.
  package func littleEndian<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number {
    Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  /// Reads an integer that was stored highest byte first.
  package func bigEndian<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number {
    Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
  }
}
