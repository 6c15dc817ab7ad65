internal import EventLogCore
internal import Schemas

/// A stream's fields as its events wrote them one after another: of each the last value, and who
/// wrote it.
struct StreamFold: Sendable {
  /// A field as it stands.
  struct Value: Sendable {
    let json: String
    let writer: Wordweave_Events_V1_AuditEntry
    /// Whether the field's path is one name.
    let isWhole: Bool
  }

  /// What an event did to a field.
  struct Change: Sendable {
    let path: String
    let before: String?
    let after: String
  }

  private(set) var fields: [String: Value] = [:]
  private(set) var events: UInt64 = 0
  /// Events that tell nothing of the fields.
  private(set) var opaque: UInt64 = 0
  /// The last event.
  private(set) var last: Wordweave_Events_V1_AuditEntry?

  /// Takes an event in, and tells what it changed.
  mutating func apply(_ event: RecordedEvent) -> [Change] {
    if events == 0, let revision = event.revision { lose(revision.number) }
    let entry = Wordweave_Events_V1_AuditEntry(event)
    events += 1
    last = entry
    guard let found = FieldText.fields(of: event) else {
      opaque += 1
      return []
    }
    var changes: [Change] = []
    for field in found + cleared(by: event, beside: found) {
      let before = fields[field.path]
      fields[field.path] = Value(json: field.value, writer: entry, isWhole: field.isWhole)
      guard before?.json != field.value else {
        // Written again as it was: that is no change, and the first writer stands.
        fields[field.path] = before
        continue
      }
      changes.append(Change(path: field.path, before: before?.json, after: field.value))
    }
    return changes
  }

  /// Fields that an event sets back to their defaults, which its JSON leaves out.
  ///
  /// A field that has no value yet stays without one.
  private func cleared(
    by event: RecordedEvent,
    beside found: [FieldText.Field]
  ) -> [FieldText.Field] {
    // JSON leaves nothing out.
    guard event.contentType == NewEvent.protobuf else { return [] }
    return Payloads.defaults(of: event.type.text)
      .filter { member in
        fields[member.key] != nil && !found.contains { $0.path == member.key }
      }
      .sorted { $0.key < $1.key }
      .map { FieldText.Field(path: $0.key, value: $0.value) }
  }

  /// Counts the events that were removed before the first that is left.
  private mutating func lose(_ count: UInt64) {
    events = count
    opaque = count
  }

  /// Counts what was removed where nothing is left of the stream up to a place.
  ///
  /// - Throws: `.invalid` where it is not known how much of that had happened by then.
  mutating func settle(_ walk: StreamWalk, at place: StreamPlace) throws(EventLogError) {
    guard events == 0, walk.lost > 0 else { return }
    guard case .now = place else {
      throw .invalid(
        "nothing is left of the stream up to there: its first \(walk.lost) events were removed"
      )
    }
    lose(walk.lost)
  }

  /// The fields as one JSON object.
  var json: String {
    Self.object(
      fields.map { path, value in
        let names: [Substring] = value.isWhole ? [path[...]] : path.split(separator: ".")
        return (path: names[...], json: value.json)
      }
    )
  }

  private static func object(_ fields: [(path: ArraySlice<Substring>, json: String)]) -> String {
    let groups = Dictionary(grouping: fields.filter { !$0.path.isEmpty }) { $0.path.first ?? "" }
    let members = groups.sorted { $0.key < $1.key }.map { name, group in
      let inner = group.map { (path: $0.path.dropFirst(), json: $0.json) }
      let leaf = inner.count == 1 && inner[0].path.isEmpty ? inner[0].json : nil
      return CompactJSON.quoted(String(name)) + ":" + (leaf ?? object(inner))
    }
    return "{" + members.joined(separator: ",") + "}"
  }

  /// Bytes of all values.
  var byteCount: Int { fields.reduce(0) { $0 + $1.key.utf8.count + $1.value.json.utf8.count } }

  /// - Throws: `.tooLarge` if the fields do not fit an answer.
  func checkSize() throws(EventLogError) {
    guard byteCount <= AuditLimits.stateBytes else {
      throw .tooLarge(
        field: "state",
        eventIndex: nil,
        limit: AuditLimits.stateBytes,
        actual: byteCount
      )
    }
  }
}

/// A place in a stream's life.
enum StreamPlace: Sendable {
  case now
  case position(GlobalPosition)
  case time(Timestamp)
  case revision(StreamRevision)

  init(_ message: Wordweave_Events_V1_AuditMoment) {
    switch message.moment {
    case .position(let number)?: self = .position(GlobalPosition(number))
    case .time(let microseconds)?: self = .time(Timestamp(microseconds: microseconds))
    case .revision(let number)?: self = .revision(StreamRevision(number))
    case nil: self = .now
    }
  }

  /// Whether an event had happened by then.
  func includes(_ event: RecordedEvent) -> Bool {
    switch self {
    case .now: true
    case .position(let position): event.position <= position
    case .time(let time): event.recordedAt <= time
    case .revision(let revision): event.revision.map { $0 <= revision } ?? false
    }
  }
}

/// What a walk over a stream came to.
struct StreamWalk: Sendable {
  /// The head at the last page.
  let head: GlobalPosition
  /// How many of the stream's first events were removed.
  let lost: UInt64

  init(_ page: EventPage) {
    head = page.head
    switch page.stream {
    case .written(let first, _)?: lost = first.number
    case .truncated(let last)?: lost = last.number + 1
    case .neverWritten?, .tombstoned?, nil: lost = 0
    }
  }
}

extension EventLogEngine {
  /// Hands over the events of a stream in order, as long as `body` wants more.
  ///
  /// - Throws: `.invalid` for more events than are folded; `AuditRefusal` for an unknown stream.
  func walk(
    _ stream: StreamName,
    _ body: (RecordedEvent) throws -> Bool
  ) async throws -> StreamWalk {
    var from = StreamRevision.first
    var count: UInt64 = 0
    while true {
      let page = try await read(
        stream,
        from: from,
        direction: .forward,
        limit: EventLogLimits.pageEvents
      )
      if page.stream == .neverWritten || page.stream == nil {
        throw AuditRefusal.notFound("there is no stream '\(stream)'")
      }
      for event in page.events {
        guard try body(event) else { return StreamWalk(page) }
        count += 1
        guard count <= AuditLimits.foldEvents else {
          throw EventLogError.invalid(
            "stream '\(stream)' has more than \(AuditLimits.foldEvents) events up to there; "
              + "no more are folded for an answer"
          )
        }
      }
      guard !page.isEnd, let last = page.events.last?.revision else { return StreamWalk(page) }
      from = last.next
    }
  }
}
