internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Schemas

/// Who did what, when and why, for operators.
enum AuditRoutes {
  static let all = [
    Route(.get, "/v1/admin/audit", .administrator, search),
    Route(.get, "/v1/admin/audit/export", .administrator, isRecorded: true, export),
    Route(.get, "/v1/admin/events/{id}/causes", .administrator, trace),
    Route(.get, "/v1/admin/streams/{name}/state", .administrator, history),
    Route(.get, "/v1/admin/streams/{name}/differences", .administrator, compare),
    Route(.get, "/v1/admin/streams/{name}/fields/{field}", .administrator, fieldChanges),
  ]

  /// Folding a long stream takes longer than reading one thing.
  private static let options = Upstreams.options(timeout: .seconds(30))

  private static func search(_ exchange: inout Exchange) async throws -> Response {
    try AuditQuery.check(
      exchange.query,
      reads: AuditQuery.criteriaNames + ["direction", "limit", "cursor"]
    )
    let page = try exchange.page()
    var request = Wordweave_Events_V1_AuditSearchRequest()
    request.criteria = try AuditQuery.criteria(exchange.query)
    request.oldestFirst = try AuditQuery.isForwards(exchange.query)
    request.limit = page.limit
    request.pageToken = .init(page.after)
    let answer = try await asking { [exchange] in
      try await exchange.core.upstreams.audit.search(
        request,
        metadata: exchange.callMetadata,
        options: options
      )
    }
    exchange.note(answer.position)
    let (cursor, links) = exchange.links(next: answer.pageToken, of: page)
    return try exchange.json(
      headers: [.link: links],
      capacity: 1024 * (1 + answer.events.count)
    ) { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in for event in answer.events { writer.event(event) } }
        writer.member("next", orNull: cursor ?? "")
        writer.member("position", answer.position)
        writer.member("head", answer.head)
        writer.member("scannedTo", answer.scannedTo)
      }
    }
  }

  private static func trace(_ exchange: inout Exchange) async throws -> Response {
    try AuditQuery.check(exchange.query, reads: ["whole"])
    var request = Wordweave_Events_V1_TraceRequest()
    let name = exchange.parameter("id")
    if let bytes = Identifier.bytes(name) {
      request.id = .init(bytes)
    } else if let position = UInt64(name), name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      request.position = position
    } else {
      throw Problem(.notFound, "An event is named by its id or its position.")
    }
    switch try exchange.query.value("whole") {
    case nil, "false"?: break
    case "true"?: request.fromRoot = true
    default:
      throw Problem(.validation, errors: [.init("whole", "invalid", "One of true, false.")])
    }
    let message = request
    let answer = try await asking { [exchange] in
      try await exchange.core.upstreams.audit.trace(
        message,
        metadata: exchange.callMetadata,
        options: options
      )
    }
    exchange.note(answer.position)
    return try exchange.json(capacity: 512 * (1 + answer.nodes.count)) {
      (writer) throws(Problem) in
      writer.object { writer in
        writer.member("event", answer.event)
        writer.member("origin", orNull: answer.origin)
        writer.member("isCut", answer.isCut)
        writer.key("items")
        writer.array { writer in
          for node in answer.nodes {
            writer.object { writer in
              writer.entry(node.entry)
              writer.key("cause")
              if node.cause == 0 { writer.null() } else { writer.number(node.cause) }
              writer.member("depth", node.depth)
            }
          }
        }
        writer.member("position", answer.position)
      }
    }
  }

  private static func history(_ exchange: inout Exchange) async throws -> Response {
    try AuditQuery.check(exchange.query, reads: ["at", "limit"])
    var request = Wordweave_Events_V1_HistoryRequest()
    request.stream = exchange.parameter("name")
    request.at = try AuditQuery.moment(exchange.query, "at")
    request.limit = try exchange.query.number("limit", 1...UInt32(1000)) ?? 100
    let message = request
    let answer = try await asking { [exchange] in
      try await exchange.core.upstreams.audit.history(
        message,
        metadata: exchange.callMetadata,
        options: options
      )
    }
    exchange.note(answer.position)
    return try exchange.json(capacity: 1024) { (writer) throws(Problem) in
      writer.object { writer in
        writer.member("stream", message.stream)
        writer.member("lastPosition", answer.lastPosition)
        writer.member("eventCount", answer.eventCount)
        writer.member("opaqueEvents", answer.opaqueEvents)
        writer.key("state")
        writer.raw(answer.stateJson)
        writer.key("fields")
        writer.array { writer in
          for field in answer.fields {
            writer.object { writer in
              writer.member("field", field.field)
              writer.key("value")
              writer.raw(field.valueJson)
              writer.key("writer")
              writer.object { $0.entry(field.writer) }
            }
          }
        }
        writer.key("events")
        writer.array { writer in
          for event in answer.events { writer.object { $0.entry(event) } }
        }
        writer.member("position", answer.position)
      }
    }
  }

  private static func compare(_ exchange: inout Exchange) async throws -> Response {
    try AuditQuery.check(exchange.query, reads: ["from", "to"])
    var request = Wordweave_Events_V1_CompareRequest()
    request.stream = exchange.parameter("name")
    guard try exchange.query.value("from") != nil else {
      throw Problem(.validation, errors: [.init("from", "required", "Where to begin.")])
    }
    request.from = try AuditQuery.moment(exchange.query, "from")
    request.to = try AuditQuery.moment(exchange.query, "to")
    let message = request
    let answer = try await asking { [exchange] in
      try await exchange.core.upstreams.audit.compare(
        message,
        metadata: exchange.callMetadata,
        options: options
      )
    }
    exchange.note(answer.position)
    return try exchange.json(capacity: 1024) { (writer) throws(Problem) in
      writer.object { writer in
        writer.member("stream", message.stream)
        writer.member("from", answer.from)
        writer.member("to", answer.to)
        writer.member("eventCount", answer.eventCount)
        writer.member("opaqueEvents", answer.opaqueEvents)
        writer.key("items")
        writer.array { writer in
          for difference in answer.differences {
            writer.object { writer in
              writer.member("field", difference.field)
              writer.member("before", json: difference.beforeJson)
              writer.member("after", json: difference.afterJson)
              writer.member("changes", difference.changes)
              writer.key("changedBy")
              writer.object { $0.entry(difference.changedBy) }
            }
          }
        }
        writer.member("position", answer.position)
      }
    }
  }

  private static func fieldChanges(_ exchange: inout Exchange) async throws -> Response {
    try AuditQuery.check(exchange.query, reads: ["limit", "cursor"])
    let page = try exchange.page()
    var request = Wordweave_Events_V1_FieldChangesRequest()
    request.stream = exchange.parameter("name")
    request.field = exchange.parameter("field")
    request.limit = page.limit
    request.pageToken = .init(page.after)
    let message = request
    let answer = try await asking { [exchange] in
      try await exchange.core.upstreams.audit.fieldChanges(
        message,
        metadata: exchange.callMetadata,
        options: options
      )
    }
    exchange.note(answer.position)
    let (cursor, links) = exchange.links(next: answer.pageToken, of: page)
    return try exchange.json(headers: [.link: links], capacity: 1024) { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in
          for change in answer.changes {
            writer.object { writer in
              writer.member("field", change.field)
              writer.entry(change.entry)
              writer.member("before", json: change.beforeJson)
              writer.member("after", json: change.afterJson)
            }
          }
        }
        writer.member("opaqueEvents", answer.opaqueEvents)
        writer.member("next", orNull: cursor ?? "")
        writer.member("position", answer.position)
      }
    }
  }

  private static func export(_ exchange: inout Exchange) async throws -> Response {
    try AuditQuery.check(
      exchange.query,
      reads: AuditQuery.criteriaNames + ["direction", "format"]
    )
    var request = Wordweave_Events_V1_AuditExportRequest()
    request.criteria = try AuditQuery.criteria(exchange.query)
    request.newestFirst = try !AuditQuery.isForwards(exchange.query, otherwise: true)
    let type: String
    switch try exchange.query.value("format") {
    case nil, "ndjson"?:
      request.format = .ndjson
      type = "application/x-ndjson"
    case "csv"?:
      request.format = .csv
      // RFC 4180 and RFC 7111.
      type = "text/csv; charset=utf-8; header=present"
    default:
      throw Problem(.validation, errors: [.init("format", "unknown", "One of ndjson, csv.")])
    }
    // What is refused is refused before the answer begins.
    var trial = Wordweave_Events_V1_AuditSearchRequest()
    trial.criteria = request.criteria
    trial.limit = 1
    let (message, probe, metadata) = (request, trial, exchange.callMetadata)
    let audit = exchange.core.upstreams.audit
    let found = try await asking {
      try await audit.search(probe, metadata: metadata, options: options)
    }
    exchange.note(found.position)
    let name = "audit-\(found.position)." + (message.format == .csv ? "csv" : "ndjson")
    return exchange.bytes(type, name: name) { conveyor in
      try await audit.export(
        message,
        metadata: metadata,
        options: Upstreams.options(timeout: nil)
      ) { response in
        for try await chunk in response.messages where !chunk.data.isEmpty {
          try await conveyor.send(ByteBuffer(bytes: chunk.data))
        }
      }
    }
  }

  /// Asks the Event Service; what it says of things that are not there is meant for people.
  private static func asking<R>(_ call: () async throws -> R) async throws -> R {
    do {
      return try await call()
    } catch let error as RPCError where error.code == .notFound {
      throw Problem(.notFound, error.message)
    }
  }
}

extension JSONWriter {
  /// The members of an event without its payload.
  fileprivate mutating func entry(_ entry: Wordweave_Events_V1_AuditEntry) {
    member("position", entry.position)
    member("stream", orNull: entry.stream)
    key("revision")
    if entry.hasRevision { number(entry.revision) } else { null() }
    member("id", Identifier.text(entry.id))
    member("type", entry.type)
    member("actor", orNull: entry.actor)
    member("correlationId", orNull: entry.correlationID)
    member("causationId", orNull: entry.causationID)
    member("recordedAt", moment: entry.recordedAt)
    member("occurredAt", orNull: entry.occurredAt)
    if entry.removed { member("removed", true) }
  }

  /// JSON that is ready-made; empty stands for "none".
  fileprivate mutating func member(_ name: StaticString, json: String) {
    key(name)
    if json.isEmpty { null() } else { raw(json) }
  }
}
