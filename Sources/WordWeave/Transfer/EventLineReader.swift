internal import EventLogCore
internal import Gateway
internal import Glibc

/// Takes an export in lines apart as its bytes come, and checks it on the way: every line, the
/// order of positions, the count and the digest.
///
/// - Shape: chunks may be cut anywhere; what is no whole line yet waits for the next.
/// - Errors: `CommandError` that names the line and what is wrong with it.
struct EventLineReader {
  private enum Phase { case header, events, ended }

  private let name: String
  private var pending: [UInt8] = []
  private var taken = 0
  private var line: UInt64 = 0
  private var phase = Phase.header
  private var digest = LogDigest()
  /// How many events were handed out.
  private(set) var count: UInt64 = 0
  /// The head that the first line tells.
  private(set) var head: UInt64?

  /// Makes a reader of what is called `name` in errors.
  init(_ name: String) { self.name = name }

  /// Takes the next bytes; `isLast` says that none follow, so that a last line needs no end.
  mutating func feed(_ bytes: [UInt8], isLast: Bool = false) {
    pending.removeFirst(taken)
    taken = 0
    pending += bytes
    if isLast, pending.last.map({ $0 != UInt8(ascii: "\n") }) == true {
      pending.append(UInt8(ascii: "\n"))
    }
  }

  /// The events of the whole lines that came, up to a batch; none if more bytes are needed.
  ///
  /// Events before a line that is wrong are handed out first.
  mutating func events() throws -> [RecordedEvent] {
    var events: [RecordedEvent] = []
    var bytes = 0
    while events.count < TransferLimits.batchEvents, bytes < TransferLimits.batchBytes {
      let before = (taken, line)
      do {
        guard let text = try nextLine() else { break }
        if text.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
        guard let event = try read(try JSONValue(parsing: text)) else { continue }
        bytes += event.withEnvelope { $0.count }
        events.append(event)
      } catch {
        guard events.isEmpty else {
          (taken, line) = before
          break
        }
        throw fault(error)
      }
    }
    return events
  }

  /// Tells that there are no more bytes; an export that was cut is found here.
  func finish() throws {
    guard phase == .ended else {
      throw CommandError(
        "reading \(name)",
        found: "it ends after line \(line) without the line that ends an export",
        advice: "export again; what is here of it is a beginning that an import can go on from"
      )
    }
  }

  /// The next line without its end; nil if none is whole.
  private mutating func nextLine() throws -> [UInt8]? {
    let rest = pending.count - taken
    let length = pending.withUnsafeBytes { bytes -> Int? in
      guard let base = bytes.baseAddress, rest > 0 else { return nil }
      guard let end = memchr(base + taken, 0x0A, rest) else { return nil }
      return UnsafeRawPointer(end) - (base + taken)
    }
    guard let length else {
      guard rest <= TransferLimits.lineBytes else {
        line += 1
        throw LineFault("it is longer than \(TransferLimits.lineBytes) bytes")
      }
      return nil
    }
    line += 1
    guard length <= TransferLimits.lineBytes else {
      throw LineFault("it is longer than \(TransferLimits.lineBytes) bytes")
    }
    defer { taken += length + 1 }
    return Array(pending[taken..<(taken + length)])
  }

  private mutating func read(_ value: JSONValue) throws -> RecordedEvent? {
    switch phase {
    case .header:
      guard value["wordweave"]?.text == "events" else {
        throw LineFault("it is not the first line of an export")
      }
      let version = try Member("version", of: value).number(Int64.self)
      guard version == EventLine.version else {
        throw LineFault("the export has version \(version), this program reads 1")
      }
      head = try Member("head", of: value).number(UInt64.self)
      phase = .events
      return nil
    case .events:
      if value["end"]?.flag == true {
        try end(value)
        return nil
      }
      let event = try EventLine.event(of: value)
      guard event.position.number == count + 1 else {
        throw LineFault("position \(count + 1) is missing, \(event.position) stands here")
      }
      count += 1
      digest.add(event)
      return event
    case .ended: throw LineFault("something follows the line that ends the export")
    }
  }

  private mutating func end(_ value: JSONValue) throws {
    let total = try Member("count", of: value).number(UInt64.self)
    guard total == count else {
      throw LineFault("the export tells of \(total) events and has \(count)")
    }
    guard try Member("digest", of: value).text() == digest.text else {
      throw LineFault("the digest of the export does not fit its events")
    }
    phase = .ended
  }

  private func fault(_ error: any Error) -> CommandError {
    CommandError("reading line \(line) of \(name)", found: "\(error)")
  }
}
