internal import EventLogCore
internal import Gateway

/// The forms of an export.
enum ExportForm: String, CaseIterable {
  /// The stored events as they are, with a digest: small and fast.
  case binary
  /// A line of JSON for each event: for people and other programs.
  case ndjson
}

/// What an export or an import came to.
struct TransferSummary: Sendable, Equatable {
  /// Events of the export.
  var events: UInt64 = 0
  /// Events that the log held already, or nil for an export.
  var known: UInt64?
  /// The log's head afterwards, or at the end of the export.
  var head: UInt64 = 0
  var digest = ""

  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init(name: "events", value: .number(events)), .init(name: "head", value: .number(head)),
      .init(name: "digest", value: .string(digest)),
    ]
    if let known {
      members.insert(.init(name: "known", value: .number(known)), at: 1)
    }
    return .object(members)
  }
}

/// Writes a log into a file.
///
/// The bytes are taken apart on their way in either form: what a file is made of was checked.
enum LogExporting {
  static func run(
    from site: LogSite,
    to path: String,
    as form: ExportForm,
    console: Console
  ) async throws -> TransferSummary {
    let file = try OutputFile(path)
    guard form == .ndjson || !file.isTerminal else {
      throw CommandError(
        "exporting to the terminal",
        found: "bytes that it cannot show",
        advice: "name a file, or ask for --format ndjson",
        code: .usage
      )
    }
    let place = try await site.place()
    var progress = Progress("Exporting", on: console)
    let summary: TransferSummary
    do {
      summary = try await copy(from: site, place, to: file, as: form, &progress)
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    return summary
  }

  private static func copy(
    from site: LogSite,
    _ place: LogSite.Place,
    to file: borrowing OutputFile,
    as form: ExportForm,
    _ progress: inout Progress
  ) async throws -> TransferSummary {
    var reader = ExportReader()
    var digest = LogDigest()
    var lines: [UInt8] = []
    if form == .ndjson { EventLine.writeHeader(log: place.log, head: place.head, to: &lines) }
    var source = try await site.export()
    while let bytes = try await source.next() {
      try Task.checkCancellation()
      reader.feed(bytes)
      while case let events = try reader.events(), !events.isEmpty {
        for event in events {
          digest.add(event)
          if form == .ndjson { try EventLine.write(event, to: &lines) }
        }
        if form == .ndjson {
          try file.write(lines)
          lines.removeAll(keepingCapacity: true)
        }
      }
      if form == .binary { try file.write(bytes) }
      let total = max(place.head, reader.count)
      progress.show(ProgressState(done: Int64(reader.count), total: Int64(total)))
    }
    try reader.finish()
    if form == .ndjson {
      EventLine.writeEnd(count: reader.count, digest: digest.text, to: &lines)
      try file.write(lines)
    }
    try file.finish()
    return TransferSummary(events: reader.count, head: reader.count, digest: digest.text)
  }
}

/// Writes a file into a log.
enum LogImporting {
  /// Refuses what is no export, before a log is opened or even made for it.
  ///
  /// What is no regular file the import itself looks at: it can be read once.
  static func check(_ path: String, as form: ExportForm?) throws {
    guard path != "-", !InputFile.isPipe(path) else { return }
    let file = try InputFile(path)
    guard form == nil, file.size != nil else { return }
    _ = try recognise(try file.read(), file.name)
  }

  static func run(
    from path: String,
    into site: LogSite,
    as form: ExportForm?,
    console: Console
  ) async throws -> TransferSummary {
    let file = try InputFile(path)
    let first = try file.read()
    let found = try form ?? recognise(first, file.name)
    let place = try await site.place()
    var source = ImportSource(found, file.name)
    var progress = Progress("Importing", on: console)
    var summary = TransferSummary(known: 0)
    var digest = LogDigest()
    do {
      try await copy(first, from: file, &source, into: site, place, &summary, &digest, &progress)
      try source.finish()
    } catch {
      progress.finish()
      // A batch is written in parts: how far it came, only the log knows.
      let head = try? await site.place().head
      throw explained(error, from: place.head, to: head, file.name)
    }
    progress.finish()
    guard place.head <= summary.events else {
      throw CommandError(
        "importing \(file.name)",
        found: "the log holds \(place.head) events, the export \(summary.events)",
        advice: "the log is no beginning of the export; nothing was written"
      )
    }
    summary.digest = digest.text
    summary.head = try await site.place().head
    return summary
  }

  private static func copy(
    _ first: [UInt8],
    from file: borrowing InputFile,
    _ source: inout ImportSource,
    into site: LogSite,
    _ place: LogSite.Place,
    _ summary: inout TransferSummary,
    _ digest: inout LogDigest,
    _ progress: inout Progress
  ) async throws {
    var bytes = first
    var read: Int64 = 0
    var batch = EventBatch()
    while true {
      try Task.checkCancellation()
      read += Int64(bytes.count)
      source.feed(bytes)
      var failure: (any Error)?
      do {
        while case let events = try source.events(), !events.isEmpty {
          for event in events {
            digest.add(event)
            batch.add(event)
            if batch.isFull { try await send(&batch, to: site, place, &summary) }
          }
        }
      } catch {
        failure = error
      }
      if bytes.isEmpty || failure != nil {
        // What came before a damaged place is a beginning, which another run goes on from.
        try await send(&batch, to: site, place, &summary)
        if let failure { throw failure }
        return
      }
      let share = file.size.map { $0 > 0 ? Double(read) / Double($0) : 1 }
      progress.show(
        ProgressState(
          done: Int64(summary.events),
          // Events are as large as those so far, as far as anybody knows.
          total: source.total
            ?? share.flatMap { $0 > 0 ? Int64(Double(source.count) / $0) : nil }
        )
      )
      bytes = try file.read()
    }
  }

  private static func send(
    _ batch: inout EventBatch,
    to site: LogSite,
    _ place: LogSite.Place,
    _ summary: inout TransferSummary
  ) async throws {
    let events = batch.take()
    guard !events.isEmpty else { return }
    try await site.restore(events)
    summary.events += UInt64(events.count)
    summary.known = min(summary.events, place.head)
  }

  /// Tells the form by the first bytes.
  private static func recognise(_ first: [UInt8], _ name: String) throws -> ExportForm {
    if first.starts(with: ExportFormat.magic) { return .binary }
    let start = first.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    if start == UInt8(ascii: "{") { return .ndjson }
    throw CommandError(
      "reading \(name)",
      found: first.isEmpty ? "nothing" : "neither a binary export nor one in lines",
      code: .usage
    )
  }

  private static func explained(
    _ error: any Error,
    from before: UInt64,
    to head: UInt64?,
    _ name: String
  ) -> any Error {
    let advice = advice(from: before, to: head)
    switch error {
    case let error as CommandError:
      return CommandError(error.attempted, found: error.found, advice: advice, code: error.code)
    case EventLogError.cancelled:
      return explained(CancellationError(), from: before, to: head, name)
    // Events keep their positions: another run finds out itself what was written.
    case EventLogError.outcomeUnknown(let cause):
      return brokenOff(cause, at: head, name)
    case EventLogError.unavailable(let cause) where isFullDisk(cause):
      return brokenOff(cause, at: head, name)
    case let error as EventLogError:
      return CommandError("importing \(name)", found: error.description, advice: advice)
    case is CancellationError:
      return CommandError(
        "importing \(name)",
        found: "stopped",
        advice: "run the same command again to go on",
        code: .interrupted
      )
    default: return error
    }
  }

  /// The log could not be written, and may hold more than it answered.
  private static func brokenOff(_ cause: String, at head: UInt64?, _ name: String) -> CommandError {
    let isFull = isFullDisk(cause)
    let held = head.map { "the log holds \($0) events at least; " } ?? ""
    return CommandError(
      "importing \(name)",
      found: isFull ? "the disk of the log is full" : cause,
      advice: "\(held)\(isFull ? "make room, then " : "")run the same command again to go on"
    )
  }

  /// Whether that is why a store failed; it tells so with the system's words alone.
  private static func isFullDisk(_ cause: String) -> Bool {
    cause.contains("No space left on device")
  }

  /// What the log holds behind an import that failed; `head` is nil where it could not be asked.
  private static func advice(from before: UInt64, to head: UInt64?) -> String {
    guard let head else {
      return "events may have been written; run the same command again to go on"
    }
    guard head <= before else {
      return "the log holds \(head) events of it; a sound export goes on from there"
    }
    return before == 0
      ? "nothing was written" : "nothing was written; the log holds \(before) events as before"
  }
}

/// The events that go into a log together.
struct EventBatch {
  private var events: [RecordedEvent] = []
  private var bytes = 0

  var isFull: Bool {
    bytes >= TransferLimits.batchBytes || events.count >= TransferLimits.batchEvents
  }

  mutating func add(_ event: RecordedEvent) {
    bytes += event.withEnvelope { $0.count }
    events.append(event)
  }

  mutating func take() -> [RecordedEvent] {
    defer {
      events = []
      bytes = 0
    }
    return events
  }
}

/// Takes a file apart, whatever its form is.
struct ImportSource {
  private enum Reader {
    case binary(ExportReader)
    case lines(EventLineReader)
  }

  private let name: String
  private var reader: Reader

  init(_ form: ExportForm, _ name: String) {
    self.name = name
    switch form {
    case .binary: reader = .binary(ExportReader())
    case .ndjson: reader = .lines(EventLineReader(name))
    }
  }

  /// How many events were read.
  var count: UInt64 {
    switch reader {
    case .binary(let reader): reader.count
    case .lines(let reader): reader.count
    }
  }

  /// How many events there are at least, where the file tells.
  var total: Int64? {
    guard case .lines(let reader) = reader else { return nil }
    return reader.head.map { Int64(clamping: max($0, reader.count)) }
  }

  /// Takes the next bytes; none are the end.
  mutating func feed(_ bytes: [UInt8]) {
    switch reader {
    case .binary(var inner):
      reader = .binary(ExportReader())
      inner.feed(bytes)
      reader = .binary(inner)
    case .lines(var inner):
      reader = .lines(EventLineReader(name))
      inner.feed(bytes, isLast: bytes.isEmpty)
      reader = .lines(inner)
    }
  }

  mutating func events() throws -> [RecordedEvent] {
    switch reader {
    case .binary(var inner):
      reader = .binary(ExportReader())
      defer { reader = .binary(inner) }
      do throws(EventLogError) {
        return try inner.events()
      } catch {
        throw CommandError("reading \(name)", found: Self.text(error))
      }
    case .lines(var inner):
      reader = .lines(EventLineReader(name))
      defer { reader = .lines(inner) }
      return try inner.events()
    }
  }

  /// Tells that there are no more bytes.
  func finish() throws {
    switch reader {
    case .binary(let inner):
      do throws(EventLogError) {
        try inner.finish()
      } catch {
        throw CommandError("reading \(name)", found: Self.text(error))
      }
    case .lines(let inner): try inner.finish()
    }
  }

  /// The export is damaged, not the log.
  private static func text(_ error: EventLogError) -> String {
    guard case .corrupt(let what, let position) = error else { return error.description }
    return "\(position.map { "at position \($0): " } ?? "")\(what)"
  }
}
