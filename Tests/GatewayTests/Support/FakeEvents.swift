internal import GRPCCore
internal import Schemas
internal import Synchronization

struct FakeLog: Wordweave_Events_V1_EventLog.ServiceProtocol {
  let world: FakeWorld

  func head(
    request: ServerRequest<Wordweave_Events_V1_HeadRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_HeadResponse> {
    var answer = Wordweave_Events_V1_HeadResponse()
    answer.head = world.state.withLock { $0.head }
    answer.log = "0192aaaa-1"
    return ServerResponse(message: answer)
  }

  func readAllPage(
    request: ServerRequest<Wordweave_Events_V1_ReadAllRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_EventsPage> {
    var event = Wordweave_Events_V1_Event()
    event.position = 1
    event.stream = "post-1"
    event.revision = 0
    event.dataJson = #"{"title":"Tides"}"#
    var page = Wordweave_Events_V1_EventsPage()
    page.events = [event]
    page.isEnd = true
    return ServerResponse(message: page)
  }

  /// All streams are damaged.
  func readStreamPage(
    request: ServerRequest<Wordweave_Events_V1_ReadStreamRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_EventsPage> {
    throw RPCError(code: .dataLoss, message: "the event log is damaged at position 7")
  }

  func subscribe(
    request: ServerRequest<Wordweave_Events_V1_SubscribeRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_SubscribeResponse> {
    StreamingServerResponse { writer in
      for position in UInt64(1)...500 {
        var event = Wordweave_Events_V1_Event()
        event.position = position
        var part = Wordweave_Events_V1_SubscribeResponse()
        part.events.events = [event]
        try await writer.write(part)
      }
      var part = Wordweave_Events_V1_SubscribeResponse()
      part.caughtUp = 500
      try await writer.write(part)
      return [:]
    }
  }
}

struct FakeAdministration: Wordweave_Events_V1_Administration.ServiceProtocol {
  func listProjections(
    request: ServerRequest<Wordweave_Events_V1_ListProjectionsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_ListProjectionsResponse> {
    var status = Wordweave_Events_V1_ProjectionStatus()
    status.name = "posts/posts"
    status.applied = 3
    status.head = 5
    var answer = Wordweave_Events_V1_ListProjectionsResponse()
    answer.projections = [status]
    return ServerResponse(message: answer)
  }

  func rebuild(
    request: ServerRequest<Wordweave_Events_V1_RebuildRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_RebuildProgress> {
    let asked = request.message
    return StreamingServerResponse { writer in
      var progress = Wordweave_Events_V1_RebuildProgress()
      progress.phase = "filling"
      let left = [("cut-over", asked.withoutCutOver), ("comparison", asked.withoutComparison)]
      progress.message = left.filter { $0.1 }.map { $0.0 }.joined(separator: " ")
      try await writer.write(progress)
      throw RPCError(code: .resourceExhausted, message: "secret-host-name")
    }
  }
}
