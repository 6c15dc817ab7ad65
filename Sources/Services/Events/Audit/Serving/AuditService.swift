internal import EventLogCore
internal import Foundation
internal import GRPCCore
internal import ProjectionsCore
internal import Schemas

/// Who did what, when and why, over gRPC.
struct AuditService: Wordweave_Events_V1_Audit.SimpleServiceProtocol {
  let store: EventStore
  let index: any ProjectionReader
  let record: ActionRecord

  var engine: any EventLogEngine { store.engine }
  var searching: AuditSearch { AuditSearch(engine: engine, index: index) }

  func search(
    request: Wordweave_Events_V1_AuditSearchRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_AuditPage {
    try await answering(context) {
      let limit = try AuditPageLimit.entries(request.limit)
      let criteria = try AuditCriteria(request.criteria)
      let direction: Direction = request.oldestFirst ? .forward : .backward
      let token = PageToken(
        identity: store.identity,
        direction: direction,
        digest: criteria.digest
      )
      var place: GlobalPosition?
      if !request.pageToken.isEmpty {
        place = GlobalPosition(try token.place(in: request.pageToken))
      }
      let scope = try await searching.scope(of: criteria, direction: direction)
      let range = place.map(scope.range.beyond) ?? scope.range
      let page = try await searching.page(criteria, range, limit: limit)
      var answer = Wordweave_Events_V1_AuditPage()
      answer.events = Wordweave_Events_V1_Event.list(page.events)
      if !page.isEnd { answer.pageToken = token.bytes(page.scannedTo.number) }
      answer.position = scope.position.number
      answer.head = scope.head.number
      answer.scannedTo = page.scannedTo.number
      return answer
    }
  }

  func trace(
    request: Wordweave_Events_V1_TraceRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_TraceResponse {
    try await answering(context) {
      let position = try await searching.indexed(through: try await engine.head())
      let event = try await event(request)
      let tree = try await CausationTree(
        from: event,
        isWhole: request.fromRoot,
        engine: engine,
        index: index
      )
      var answer = Wordweave_Events_V1_TraceResponse()
      answer.event = event.position.number
      answer.nodes = tree.nodes.map { node in
        var message = Wordweave_Events_V1_TraceNode()
        message.entry = node.event.entry
        message.cause = node.cause?.number ?? 0
        message.depth = UInt32(node.depth)
        return message
      }
      answer.origin = tree.origin ?? ""
      answer.isCut = tree.isCut
      answer.position = position.number
      return answer
    }
  }

  private func event(
    _ request: Wordweave_Events_V1_TraceRequest
  ) async throws -> RecordedEvent {
    let position: GlobalPosition?
    let name: String
    switch request.event {
    case .position(let number)?:
      position = GlobalPosition(number)
      name = "at position \(number)"
    case .id(let bytes)?:
      let id = try EventID(message: bytes)
      position = try await engine.position(of: id)
      name = "with the id \(id)"
    case nil: throw EventLogError.invalid("which event is meant is not said")
    }
    guard let position, let event = try await engine.event(at: position) else {
      throw AuditRefusal.notFound("there is no event \(name)")
    }
    return event
  }

  func export(
    request: Wordweave_Events_V1_AuditExportRequest,
    response: RPCWriter<Wordweave_Events_V1_AuditExportChunk>,
    context: ServerContext
  ) async throws {
    try await answering {
      let criteria = try AuditCriteria(request.criteria)
      let direction: Direction = request.newestFirst ? .backward : .forward
      let scope = try await searching.scope(of: criteria, direction: direction)
      let format = try AuditFile.Format(request.format)
      let target = request.criteria.stream.isEmpty ? "log" : request.criteria.stream
      let range = scope.range
      var chunk = Wordweave_Events_V1_AuditExportChunk()
      chunk.total = range.isEmpty ? 0 : range.through.number - range.after.number
      chunk.position = scope.position.number
      // Whoever breaks an export off keeps what they have of it.
      try await record.noting(.auditExported, of: target) {
        guard chunk.events > 0 else { return nil }
        return [("events", "\(chunk.events)"), ("format", format.rawValue)]
      } during: {
        try await send(criteria, range, format, as: &chunk, to: response)
      }
      try await record.note(
        .auditExported,
        of: target,
        details: [
          ("events", "\(chunk.events)"), ("through", "\(range.through)"),
          ("format", format.rawValue),
        ]
      )
    }
  }

  /// Writes what fits as a file; `chunk` counts the events before they are written, since of a
  /// message that breaks off a part may arrive.
  private func send(
    _ criteria: AuditCriteria,
    _ whole: AuditRange,
    _ format: AuditFile.Format,
    as chunk: inout Wordweave_Events_V1_AuditExportChunk,
    to response: RPCWriter<Wordweave_Events_V1_AuditExportChunk>
  ) async throws {
    var file = AuditFile(format)
    var range = whole
    while true {
      let page = try await CallScope.reading { [range] in
        try await searching.page(criteria, range, limit: AuditLimits.exportPage)
      }
      for event in page.events {
        file.add(event)
        chunk.events += 1
        // One event may be as large as a message; several must not make it larger.
        if file.bytes.count >= EventPage.messageBytes {
          chunk.data = Data(file.take())
          try await response.write(chunk)
        }
      }
      if !page.isEnd { range = range.beyond(page.scannedTo) }
      let left = page.isEnd || range.isEmpty ? 0 : range.through.number - range.after.number
      chunk.done = chunk.total - left
      chunk.data = Data(file.take())
      try await response.write(chunk)
      if page.isEnd { return }
    }
  }
}
