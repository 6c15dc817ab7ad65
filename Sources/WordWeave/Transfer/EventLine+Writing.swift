internal import EventLogCore
internal import Foundation
internal import Schemas

extension EventLine {
  /// Appends the line of an event to `out`.
  ///
  /// - Throws: `CommandError` if its stored bytes could not be made again of the line: they hold
  ///   text that is not UTF-8, which no JSON can tell.
  static func write(_ event: RecordedEvent, to out: inout [UInt8]) throws {
    let line = EventLine(event)
    let isFaithful = event.withEnvelope { stored in
      line.envelope.withUnsafeBytes { $0.elementsEqual(stored) }
    }
    guard isFaithful else {
      throw CommandError(
        "writing the event at position \(event.position) as a line",
        found: "text that is not UTF-8",
        advice: "export with --format binary"
      )
    }
    let crc = event.withEnvelope {
      $0.littleEndian(UInt32.self, at: $0.count - Envelope.checksumBytes)
    }
    line.write(crc: crc, to: &out)
  }

  private func write(crc: UInt32, to out: inout [UInt8]) {
    var line = LineWriter()
    line.number("position", position.number)
    if let stream { line.text("stream", stream.text) }
    if let revision { line.number("revision", revision.number) }
    line.text("id", id.description)
    if isChosen { line.literal("chosenID", "true") }
    if let givenID { line.text("givenID", givenID.description) }
    line.text("type", type.text)
    line.number("schemaVersion", schemaVersion)
    line.text("contentType", contentType)
    line.texts("tags", tags.map(\.text))
    line.pairs("metadata", metadata.entries.map { ($0.key, $0.value) })
    // A moment outside the years that the text form has is told as microseconds.
    if Timestamp(recordedAt.description) == recordedAt {
      line.text("recordedAt", recordedAt.description)
    } else {
      line.number("recordedAt", recordedAt.microseconds)
    }
    if let tracking {
      var inner = LineWriter()
      inner.text("source", tracking.source)
      inner.number("position", tracking.position)
      line.object("tracking", inner)
    }
    if isRemoved { line.literal("removed", "true") }
    line.text("data", data.isEmpty ? "" : Data(data).base64EncodedString())
    if !isRemoved, contentType == NewEvent.protobuf,
      let json = Payloads.json(type: type.text, data: data)
    {
      line.literal("json", json)
    }
    line.number("crc", crc)
    line.end(into: &out)
  }

  /// Appends the first line.
  static func writeHeader(log: String, head: UInt64, to out: inout [UInt8]) {
    var line = LineWriter()
    line.text("wordweave", "events")
    line.number("version", version)
    line.text("log", log)
    line.number("head", head)
    line.end(into: &out)
  }

  /// Appends the last line.
  static func writeEnd(count: UInt64, digest: String, to out: inout [UInt8]) {
    var line = LineWriter()
    line.literal("end", "true")
    line.number("count", count)
    line.text("digest", digest)
    line.end(into: &out)
  }
}

/// Writes one object as a line, member by member.
private struct LineWriter {
  private static let hexDigits = Array("0123456789abcdef".utf8)
  private var bytes: [UInt8] = [UInt8(ascii: "{")]

  mutating func number(_ name: StaticString, _ value: some FixedWidthInteger) {
    literal(name, String(value))
  }

  mutating func literal(_ name: StaticString, _ text: String) {
    key(name)
    bytes += text.utf8
  }

  mutating func text(_ name: StaticString, _ value: String) {
    key(name)
    quote(value)
  }

  mutating func texts(_ name: StaticString, _ values: [String]) {
    key(name)
    bytes.append(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      quote(value)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  mutating func pairs(_ name: StaticString, _ values: [(String, String)]) {
    key(name)
    bytes.append(UInt8(ascii: "{"))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      quote(value.0)
      bytes.append(UInt8(ascii: ":"))
      quote(value.1)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  mutating func object(_ name: StaticString, _ inner: LineWriter) {
    key(name)
    bytes += inner.bytes
    bytes.append(UInt8(ascii: "}"))
  }

  func end(into out: inout [UInt8]) {
    out += bytes
    out.append(UInt8(ascii: "}"))
    out.append(UInt8(ascii: "\n"))
  }

  private mutating func key(_ name: StaticString) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes += $0 }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      // Nearly every text has nothing to escape and goes as a whole.
      guard utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F }) else {
        bytes += utf8
        return
      }
      for byte in utf8 {
        switch byte {
        case 0x22, 0x5C:
          bytes.append(0x5C)
          bytes.append(byte)
        case 0..<0x20, 0x7F:
          bytes += "\\u00".utf8
          bytes.append(Self.hexDigits[Int(byte >> 4)])
          bytes.append(Self.hexDigits[Int(byte & 15)])
        default: bytes.append(byte)
        }
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
