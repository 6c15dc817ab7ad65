internal import EventLogCore
internal import GRPCCore
internal import Schemas

// A stream as it was, what changed in it, and who did it.
extension AuditService {
  func history(
    request: Wordweave_Events_V1_HistoryRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_HistoryResponse {
    try await answering(context) {
      let limit = try AuditPageLimit.entries(request.limit)
      let place = StreamPlace(request.at)
      var fold = StreamFold()
      var newest: [Wordweave_Events_V1_AuditEntry] = []
      let walk = try await engine.walk(try Self.stream(request.stream)) { event in
        guard place.includes(event) else { return false }
        _ = fold.apply(event)
        newest.append(Wordweave_Events_V1_AuditEntry(event))
        // Twice as many are kept, so that moving them costs little.
        if newest.count >= limit * 2 { newest.removeFirst(limit) }
        return true
      }
      try fold.settle(walk, at: place)
      try fold.checkSize()
      var answer = Wordweave_Events_V1_HistoryResponse()
      answer.events = newest.suffix(limit).reversed()
      answer.eventCount = fold.events
      answer.fields = fold.fields.sorted { $0.key < $1.key }.map { path, value in
        var field = Wordweave_Events_V1_FieldValue()
        field.field = path
        field.valueJson = value.json
        field.writer = value.writer
        return field
      }
      answer.stateJson = fold.json
      answer.opaqueEvents = fold.opaque
      answer.lastPosition = fold.last?.position ?? 0
      answer.position = walk.head.number
      return answer
    }
  }

  func compare(
    request: Wordweave_Events_V1_CompareRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_CompareResponse {
    try await answering(context) {
      let (from, to) = (StreamPlace(request.from), StreamPlace(request.to))
      var fold = StreamFold()
      var before: StreamFold?
      var changes: [String: UInt32] = [:]
      let walk = try await engine.walk(try Self.stream(request.stream)) { event in
        guard to.includes(event) else {
          guard before != nil || !from.includes(event) else {
            throw EventLogError.invalid("the first place lies behind the second")
          }
          return false
        }
        if before == nil, !from.includes(event) { before = fold }
        let found = fold.apply(event)
        guard before != nil else { return true }
        for change in found { changes[change.path, default: 0] += 1 }
        return true
      }
      var earlier = before ?? fold
      try earlier.settle(walk, at: from)
      try fold.settle(walk, at: to)
      try fold.checkSize()
      var answer = Wordweave_Events_V1_CompareResponse()
      for (path, count) in changes.sorted(by: { $0.key < $1.key }) {
        guard let now = fold.fields[path] else { continue }
        let was = earlier.fields[path]
        // Changed there and back is no difference.
        guard was?.json != now.json else { continue }
        var difference = Wordweave_Events_V1_FieldDifference()
        difference.field = path
        difference.beforeJson = was?.json ?? ""
        difference.afterJson = now.json
        difference.changedBy = now.writer
        difference.changes = count
        answer.differences.append(difference)
      }
      answer.eventCount = fold.events - earlier.events
      answer.from = earlier.last?.position ?? 0
      answer.to = fold.last?.position ?? 0
      answer.opaqueEvents = fold.opaque
      answer.position = walk.head.number
      return answer
    }
  }

  func fieldChanges(
    request: Wordweave_Events_V1_FieldChangesRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_FieldChangesResponse {
    try await answering(context) {
      let limit = try AuditPageLimit.entries(request.limit)
      let stream = try Self.stream(request.stream)
      let field = FieldName.plain(request.field)
      guard (1...AuditLimits.textBytes).contains(field.utf8.count) else {
        throw EventLogError.invalid("a field's name has 1 to \(AuditLimits.textBytes) bytes")
      }
      var digest = QueryDigest()
      for text in ["changes", stream.text, field] { digest.feed(text) }
      let token = PageToken(identity: store.identity, direction: .backward, digest: digest)
      let end = request.pageToken.isEmpty ? nil : try token.place(in: request.pageToken)
      var fold = StreamFold()
      var page = ChangesPage(limit: limit)
      let walk = try await engine.walk(stream) { event in
        if let end, event.position.number >= end { return false }
        let entry = Wordweave_Events_V1_AuditEntry(event)
        page.add(
          // A member of JSON is called as it is written, a schema's field either way.
          fold.apply(event).filter {
            FieldName.names($0.path, within: field) || $0.path == request.field
          }.map { change in
            var message = Wordweave_Events_V1_FieldChange()
            message.entry = entry
            message.beforeJson = change.before ?? ""
            message.afterJson = change.after
            message.field = change.path
            return message
          }
        )
        return true
      }
      // Where nothing is left, all that there was is among what is not known.
      try fold.settle(walk, at: .now)
      // What was removed may have had the field.
      guard !page.changes.isEmpty || end != nil || walk.lost > 0 else {
        let known = fold.fields.keys.sorted().joined(separator: ", ")
        let opaque = fold.opaque == 0 ? "" : "; \(fold.opaque) of its events tell nothing of fields"
        throw AuditRefusal.notFound(
          "stream '\(stream)' has no field '\(request.field)'; it has \(known.isEmpty ? "none" : known)"
            + opaque
        )
      }
      var answer = Wordweave_Events_V1_FieldChangesResponse()
      answer.changes = page.changes.reversed()
      if page.isCut, let last = answer.changes.last {
        answer.pageToken = token.bytes(last.entry.position)
      }
      answer.opaqueEvents = fold.opaque
      answer.position = walk.head.number
      return answer
    }
  }

  private static func stream(_ name: String) throws(EventLogError) -> StreamName {
    guard (1...AuditLimits.textBytes).contains(name.utf8.count) else {
      throw .invalid("a stream's name has 1 to \(AuditLimits.textBytes) bytes")
    }
    return StreamName(name)
  }
}

/// The newest changes, as many as fit a page; those of one event stay together.
private struct ChangesPage {
  let limit: Int
  private(set) var changes: [Wordweave_Events_V1_FieldChange] = []
  private(set) var isCut = false
  private var bytes = 0

  init(limit: Int) { self.limit = limit }

  mutating func add(_ found: [Wordweave_Events_V1_FieldChange]) {
    changes += found
    bytes += found.reduce(0) { $0 + Self.bytes($1) }
    while changes.count > found.count,
      changes.count > limit || bytes > AuditLimits.changesBytes
    {
      let position = changes[0].entry.position
      let count = changes.prefix { $0.entry.position == position }.count
      bytes -= changes.prefix(count).reduce(0) { $0 + Self.bytes($1) }
      changes.removeFirst(count)
      isCut = true
    }
  }

  private static func bytes(_ change: Wordweave_Events_V1_FieldChange) -> Int {
    change.beforeJson.utf8.count + change.afterJson.utf8.count
  }
}
