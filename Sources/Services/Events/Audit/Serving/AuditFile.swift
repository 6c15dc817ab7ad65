internal import EventLogCore
internal import Foundation
internal import Schemas

/// Events as lines of a file.
///
///   NDJSON  an object a line, as the gateway shows events
///   CSV     RFC 4180: a line of headings, CRLF, quotes around cells that need them. A cell that a
///           spreadsheet would take for a formula (it begins with = + - @, tab or CR) gets an
///           apostrophe in front.
struct AuditFile {
  enum Format: String, Sendable {
    case ndjson
    case csv

    init(_ asked: Wordweave_Events_V1_AuditFormat) throws(EventLogError) {
      switch asked {
      case .unspecified, .ndjson: self = .ndjson
      case .csv: self = .csv
      case .UNRECOGNIZED(let format): throw .invalid("unknown format \(format) of a file")
      }
    }
  }

  static let headings = [
    "position", "recorded_at", "occurred_at", "actor", "type", "stream", "revision", "id",
    "correlation_id", "causation_id", "tags", "removed", "data",
  ]

  let format: Format
  /// What was not taken yet.
  private(set) var bytes: [UInt8] = []

  init(_ format: Format) {
    self.format = format
    if format == .csv { line(Self.headings) }
  }

  /// Hands over what there is.
  mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  mutating func add(_ event: RecordedEvent) {
    switch format {
    case .ndjson:
      EventJSON.write(event, to: &bytes)
      bytes.append(UInt8(ascii: "\n"))
    case .csv:
      let metadata = event.metadata
      func text(_ key: String) -> String { metadata[key] ?? "" }
      line([
        "\(event.position)", "\(event.recordedAt)", text(Metadata.Keys.occurredAt),
        text(Metadata.Keys.actor), event.type.text, event.stream?.text ?? "",
        event.revision.map { "\($0)" } ?? "", "\(event.id)", text(Metadata.Keys.correlationID),
        text(Metadata.Keys.causationID), EventJSON.list(event.tags.map(\.text)),
        event.isRemoved ? "true" : "false", EventJSON.data(event),
      ])
    }
  }

  private mutating func line(_ cells: [String]) {
    for (number, cell) in cells.enumerated() {
      if number > 0 { bytes.append(UInt8(ascii: ",")) }
      append(cell)
    }
    bytes += [0x0D, 0x0A]
  }

  private mutating func append(_ cell: String) {
    let isFormula = cell.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
    let needsQuotes = isFormula || cell.utf8.contains { "\",\r\n".utf8.contains($0) }
    guard needsQuotes else {
      bytes += cell.utf8
      return
    }
    bytes.append(UInt8(ascii: "\""))
    if isFormula { bytes.append(UInt8(ascii: "'")) }
    for byte in cell.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// An event as JSON, as the gateway shows it.
enum EventJSON {
  static func write(_ event: RecordedEvent, to out: inout [UInt8]) {
    out += "{\"position\":\(event.position),\"stream\":".utf8
    if let stream = event.stream { text(stream.text, to: &out) } else { out += "null".utf8 }
    out += ",\"revision\":\(event.revision.map { "\($0)" } ?? "null"),\"id\":\"\(event.id)\"".utf8
    out += ",\"type\":".utf8
    text(event.type.text, to: &out)
    out += ",\"schemaVersion\":\(event.schemaVersion),\"contentType\":".utf8
    text(event.contentType, to: &out)
    out += ",\"data\":".utf8
    out += data(event).utf8
    out += ",\"tags\":".utf8
    out += list(event.tags.map(\.text)).utf8
    out += ",\"metadata\":{".utf8
    for (number, entry) in event.metadata.entries.enumerated() {
      if number > 0 { out.append(UInt8(ascii: ",")) }
      text(entry.key, to: &out)
      out.append(UInt8(ascii: ":"))
      text(entry.value, to: &out)
    }
    out += "},\"recordedAt\":\"\(event.recordedAt)\"".utf8
    if event.isRemoved { out += ",\"removed\":true".utf8 }
    out.append(UInt8(ascii: "}"))
  }

  /// The payload: as its schema says or as it is, if that is JSON, else as base64; null if removed.
  static func data(_ event: RecordedEvent) -> String {
    guard !event.isRemoved else { return "null" }
    let bytes = event.data
    if let json = Payloads.json(type: event.type.text, contentType: event.contentType, data: bytes)
    {
      return json
    }
    return "{\"base64\":\"\(Data(bytes).base64EncodedString())\"}"
  }

  static func list(_ texts: [String]) -> String {
    var out: [UInt8] = [UInt8(ascii: "[")]
    for (number, item) in texts.enumerated() {
      if number > 0 { out.append(UInt8(ascii: ",")) }
      text(item, to: &out)
    }
    out.append(UInt8(ascii: "]"))
    return String(decoding: out, as: UTF8.self)
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func text(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        out += "\\u00".utf8
        out += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
