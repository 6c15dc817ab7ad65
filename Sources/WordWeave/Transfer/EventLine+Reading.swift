internal import EventLogCore
internal import Foundation
internal import Gateway

/// What is wrong with a line, without its number.
struct LineFault: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension EventLine {
  /// Reads an event's line and makes the stored event of it again.
  ///
  /// - Throws: `LineFault` that says what is missing, or that the line was changed.
  static func event(of value: JSONValue) throws(LineFault) -> RecordedEvent {
    let line = try EventLine(value)
    let crc = try Member("crc", of: value).number(UInt32.self)
    if let excess = line.excess { throw LineFault(excess) }
    let envelope = line.envelope
    let found = envelope.withUnsafeBytes {
      $0.littleEndian(UInt32.self, at: $0.count - Envelope.checksumBytes)
    }
    guard found == crc else {
      throw LineFault("\"crc\" does not fit the event: the line was changed or damaged")
    }
    do throws(EventLogError) {
      return try RecordedEvent(envelope: envelope)
    } catch {
      throw LineFault("\(error)")
    }
  }

  private init(_ value: JSONValue) throws(LineFault) {
    guard value.members != nil else { throw LineFault("it is no JSON object") }
    func member(_ name: String) -> Member { Member(name, of: value) }
    position = GlobalPosition(try member("position").number(UInt64.self))
    stream = try member("stream").ifPresent { member throws(LineFault) in
      StreamName(try member.text())
    }
    revision = try member("revision").ifPresent { member throws(LineFault) in
      StreamRevision(try member.number(UInt64.self))
    }
    id = try member("id").id()
    isChosen = try member("chosenID").flag()
    givenID = try member("givenID").ifPresent { member throws(LineFault) in try member.id() }
    type = EventType(try member("type").text())
    schemaVersion = try member("schemaVersion").number(UInt32.self)
    contentType = try member("contentType").text()
    tags = try member("tags").texts().map { Tag($0) }
    metadata = Metadata(
      try member("metadata").pairs().map { Metadata.Entry(key: $0.0, value: $0.1) }
    )
    recordedAt = try member("recordedAt").moment()
    tracking = try member("tracking").ifPresent { member throws(LineFault) in
      let inner = try member.required()
      return Tracking(
        source: try Member("source", of: inner).text(),
        position: try Member("position", of: inner).number(UInt64.self)
      )
    }
    isRemoved = try member("removed").flag()
    data = try member("data").base64()
  }

  /// Says what is larger than the log takes; nil if nothing is.
  ///
  /// The stored form has one byte for many lengths: what does not fit must not be stored cut.
  private var excess: String? {
    // A control stream's name has two bytes more, which are not stored.
    let name = (stream?.controlled ?? stream)?.text ?? ""
    let texts = metadata.entries.map { $0.key.utf8.count + $0.value.utf8.count }
    let keys = metadata.entries.map(\.key.utf8.count)
    let checks: [(name: String, count: Int, limit: Int)] = [
      ("type", type.text.utf8.count, EventLogLimits.nameBytes),
      ("stream", name.utf8.count, EventLogLimits.nameBytes),
      ("contentType", contentType.utf8.count, EventLogLimits.contentTypeBytes),
      ("tags", tags.count, EventLogLimits.tags),
      ("tags", tags.map(\.text.utf8.count).max() ?? 0, EventLogLimits.nameBytes),
      ("metadata", metadata.entries.count, EventLogLimits.metadataEntries),
      ("metadata", keys.max() ?? 0, EventLogLimits.metadataKeyBytes),
      ("metadata", texts.reduce(0, +), EventLogLimits.metadataBytes),
      ("tracking", tracking?.source.utf8.count ?? 0, EventLogLimits.nameBytes),
      ("data", data.count, EventLogLimits.dataBytes),
    ]
    guard let check = checks.first(where: { $0.count > $0.limit }) else { return nil }
    return "\"\(check.name)\" is too large: \(check.count), at most \(check.limit)"
  }
}

/// A member of a line, with its name for what is said of it.
struct Member {
  private let name: String
  private let value: JSONValue?

  init(_ name: String, of object: JSONValue) {
    self.name = name
    value = object[name]
  }

  /// What `read` makes of the member; nil if there is none.
  func ifPresent<R>(_ read: (Member) throws(LineFault) -> R) throws(LineFault) -> R? {
    value == nil ? nil : try read(self)
  }

  func required() throws(LineFault) -> JSONValue {
    guard let value else { throw LineFault("\"\(name)\" is missing") }
    return value
  }

  func text() throws(LineFault) -> String {
    guard let text = try required().text else { throw LineFault("\"\(name)\" is no text") }
    return text
  }

  func number<Number: FixedWidthInteger>(_: Number.Type) throws(LineFault) -> Number {
    guard case .number(let text) = try required(), let number = Number(text) else {
      throw LineFault("\"\(name)\" is no whole number in 0…\(Number.max)")
    }
    return number
  }

  /// A flag; absent for false.
  func flag() throws(LineFault) -> Bool {
    guard let value else { return false }
    guard let flag = value.flag else { throw LineFault("\"\(name)\" is neither true nor false") }
    return flag
  }

  func id() throws(LineFault) -> EventID {
    guard let id = EventID(try text()) else { throw LineFault("\"\(name)\" is no UUID") }
    return id
  }

  func texts() throws(LineFault) -> [String] {
    guard let items = try required().items else { throw LineFault("\"\(name)\" is no array") }
    var texts: [String] = []
    for item in items {
      guard let text = item.text else { throw LineFault("\"\(name)\" holds what is no text") }
      texts.append(text)
    }
    return texts
  }

  func pairs() throws(LineFault) -> [(String, String)] {
    guard let members = try required().members else {
      throw LineFault("\"\(name)\" is no object")
    }
    var pairs: [(String, String)] = []
    for member in members {
      guard let text = member.value.text else {
        throw LineFault("\"\(name)\" holds what is no text")
      }
      pairs.append((member.name, text))
    }
    return pairs
  }

  func moment() throws(LineFault) -> Timestamp {
    switch try required() {
    case .string(let text):
      guard let moment = Timestamp(text) else {
        throw LineFault("\"\(name)\" is no moment as RFC 3339 has it")
      }
      return moment
    case .number(let text):
      guard let microseconds = Int64(text) else { break }
      return Timestamp(microseconds: microseconds)
    default: break
    }
    throw LineFault("\"\(name)\" is no moment")
  }

  func base64() throws(LineFault) -> [UInt8] {
    let text = try text()
    if text.isEmpty { return [] }
    guard let data = Data(base64Encoded: text) else { throw LineFault("\"\(name)\" is no base64") }
    return [UInt8](data)
  }
}
