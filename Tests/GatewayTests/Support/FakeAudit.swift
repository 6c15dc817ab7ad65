internal import Foundation
internal import GRPCCore
internal import Schemas
internal import SwiftProtobuf
internal import Synchronization

/// An audit that notes what it was asked and answers the same to everybody.
struct FakeAudit: Wordweave_Events_V1_Audit.ServiceProtocol {
  let world: FakeWorld

  private static var entry: Wordweave_Events_V1_AuditEntry {
    .with {
      $0.position = 7
      $0.stream = "post-1"
      $0.revision = 2
      $0.id = Data(repeating: 1, count: 16)
      $0.type = "PostEdited"
      $0.actor = "user_ada"
      $0.recordedAt = 0
    }
  }

  func search(
    request: ServerRequest<Wordweave_Events_V1_AuditSearchRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_AuditPage> {
    let asked = request.message
    world.state.withLock { $0.audited = asked }
    world.note("audit.search", request.metadata)
    if asked.criteria.actor == "too many" {
      throw RPCError(code: .invalidArgument, message: "65 types are asked for; at most 64")
    }
    var event = Wordweave_Events_V1_Event()
    event.position = asked.pageToken.isEmpty ? 9 : 8
    event.type = "PostEdited"
    event.dataJson = #"{"title":"Tides"}"#
    var page = Wordweave_Events_V1_AuditPage()
    page.events = [event]
    if asked.pageToken.isEmpty { page.pageToken = Data([9]) }
    page.position = 11
    page.head = 12
    page.scannedTo = 9
    return ServerResponse(message: page)
  }

  func trace(
    request: ServerRequest<Wordweave_Events_V1_TraceRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_TraceResponse> {
    guard request.message.position != 404 else {
      throw RPCError(code: .notFound, message: "there is no event at position 404")
    }
    var answer = Wordweave_Events_V1_TraceResponse()
    answer.event = request.message.fromRoot ? 1 : 7
    answer.nodes = [.with { $0.entry = Self.entry }]
    answer.position = 11
    return ServerResponse(message: answer)
  }

  func history(
    request: ServerRequest<Wordweave_Events_V1_HistoryRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_HistoryResponse> {
    let asked = request.message
    var answer = Wordweave_Events_V1_HistoryResponse()
    let title = "\(asked.stream) \(asked.at.moment.map { "\($0)" } ?? "now")"
    answer.stateJson = "{\"title\":\"\(title)\"}"
    answer.fields = [
      .with {
        $0.field = "title"
        $0.valueJson = "\"\(title)\""
        $0.writer = Self.entry
      }
    ]
    answer.events = [Self.entry]
    answer.position = 11
    return ServerResponse(message: answer)
  }

  func compare(
    request: ServerRequest<Wordweave_Events_V1_CompareRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_CompareResponse> {
    var answer = Wordweave_Events_V1_CompareResponse()
    answer.differences = [
      .with {
        $0.field = "title"
        $0.afterJson = #""Waves""#
        $0.changedBy = Self.entry
        $0.changes = 1
      }
    ]
    answer.opaqueEvents = 5
    return ServerResponse(message: answer)
  }

  func fieldChanges(
    request: ServerRequest<Wordweave_Events_V1_FieldChangesRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_FieldChangesResponse> {
    var answer = Wordweave_Events_V1_FieldChangesResponse()
    answer.changes = [
      .with {
        $0.entry = Self.entry
        $0.beforeJson = #""Tides""#
        $0.afterJson = #""Waves""#
        $0.field = request.message.field
      }
    ]
    answer.opaqueEvents = 6
    return ServerResponse(message: answer)
  }

  func export(
    request: ServerRequest<Wordweave_Events_V1_AuditExportRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_AuditExportChunk> {
    let breaks = request.message.criteria.actor == "breaks"
    let format = request.message.format
    return StreamingServerResponse { writer in
      for line in 1...200 {
        var chunk = Wordweave_Events_V1_AuditExportChunk()
        chunk.data = Data((format == .csv ? "\(line),x\r\n" : "{\"position\":\(line)}\n").utf8)
        try await writer.write(chunk)
      }
      if breaks { throw RPCError(code: .unavailable, message: "secret-host-name") }
      return [:]
    }
  }
}
