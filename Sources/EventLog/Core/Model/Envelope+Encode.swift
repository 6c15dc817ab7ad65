internal import Glibc

// One pass over an event and one copy of each of its texts, into memory that was measured before:
// admission encodes every event of every append.

/// A stream's name as envelopes hold it: that of a control stream without its `$$`.
package struct StoredName: Sendable {
  package let text: String
  package let isControl: Bool

  package init(_ name: StreamName) {
    let controlled = name.controlled
    text = controlled?.text ?? name.text
    isControl = controlled != nil
  }
}

extension Envelope {
  /// How many bytes the envelope of `event` has.
  package static func length(
    of event: NewEvent,
    hasGivenID: Bool,
    stream: StoredName?,
    tracking: Tracking?
  ) -> Int {
    var length =
      smallest + event.type.text.utf8.count + event.contentType.utf8.count + event.data.count
      + tagsLength(event) + metadataLength(event)
    if let stream { length += stream.text.utf8.count }
    if let tracking { length += tracking.source.utf8.count + 8 }
    if hasGivenID { length += 16 }
    return length
  }

  /// Writes an envelope with everything but position, revision, time and checksum, and answers how
  /// many bytes it has.
  ///
  /// `place` has room for as many as `length(of:)` said.
  package static func write(
    _ event: NewEvent,
    id: EventID,
    givenID: EventID? = nil,
    stream: StoredName?,
    tracking: Tracking?,
    to place: UnsafeMutableRawPointer
  ) -> Int {
    var flags: UInt8 = 0
    if let stream { flags |= stream.isControl ? Flag.stream | Flag.control : Flag.stream }
    if tracking != nil { flags |= Flag.tracking }
    if givenID != nil {
      flags |= Flag.givenID
    } else if event.id == nil {
      flags |= Flag.chosenID
    }
    var writer = EnvelopeWriter(place: place)
    writer.put(version)
    writer.put(flags)
    writer.put(UInt8(event.type.text.utf8.count))
    writer.put(UInt8(stream?.text.utf8.count ?? 0))
    writer.put(UInt8(event.contentType.utf8.count))
    writer.put(UInt8(event.tags.count))
    writer.put(UInt8(event.metadata.entries.count))
    writer.put(UInt8(tracking?.source.utf8.count ?? 0))
    writer.put(event.schemaVersion)
    writer.put(UInt32(event.data.count))
    writer.put(UInt32(metadataLength(event)))
    writer.put(UInt32(tagsLength(event)))
    // Position, revision and time: stamped.
    for _ in 0..<3 { writer.put(UInt64(0)) }
    writer.put(id.high.byteSwapped)
    writer.put(id.low.byteSwapped)
    writer.put(event.type.text)
    if let stream { writer.put(stream.text) }
    writer.put(event.contentType)
    for tag in event.tags {
      writer.put(UInt8(tag.text.utf8.count))
      writer.put(tag.text)
    }
    for entry in event.metadata.entries {
      writer.put(UInt8(entry.key.utf8.count))
      writer.put(entry.key)
      writer.put(UInt32(entry.value.utf8.count))
      writer.put(entry.value)
    }
    if let tracking {
      writer.put(tracking.source)
      writer.put(tracking.position)
    }
    if let givenID {
      writer.put(givenID.high.byteSwapped)
      writer.put(givenID.low.byteSwapped)
    }
    event.data.withUnsafeBytes { writer.put($0) }
    writer.put(UInt32(0))
    return writer.place - place
  }

  /// Appends an envelope to `bytes`.
  package static func encode(
    _ event: NewEvent,
    id: EventID,
    givenID: EventID? = nil,
    stream: StreamName?,
    tracking: Tracking?,
    into bytes: inout [UInt8]
  ) {
    let stream = stream.map { StoredName($0) }
    let length = length(
      of: event,
      hasGivenID: givenID != nil,
      stream: stream,
      tracking: tracking
    )
    bytes += [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      guard let place = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
      count = write(event, id: id, givenID: givenID, stream: stream, tracking: tracking, to: place)
    }
  }

  private static func tagsLength(_ event: NewEvent) -> Int {
    var length = 0
    for tag in event.tags { length += 1 + tag.text.utf8.count }
    return length
  }

  private static func metadataLength(_ event: NewEvent) -> Int {
    var length = 0
    for entry in event.metadata.entries {
      length += 5 + entry.key.utf8.count + entry.value.utf8.count
    }
    return length
  }
}

/// Writes one thing behind the other.
private struct EnvelopeWriter {
  var place: UnsafeMutableRawPointer

  mutating func put<Number: FixedWidthInteger>(_ number: Number) {
    place.storeBytes(of: number.littleEndian, as: Number.self)
    place += MemoryLayout<Number>.size
  }

  mutating func put(_ text: String) { text.withBytes { put($0) } }

  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    memcpy(place, source, bytes.count)
    place += bytes.count
  }
}
