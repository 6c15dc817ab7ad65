internal import GRPCCore
internal import Schemas

/// The calls that no test makes.
extension FakeLog {
  func append(
    request: ServerRequest<Wordweave_Events_V1_AppendRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_AppendResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }

  func readStream(
    request: ServerRequest<Wordweave_Events_V1_ReadStreamRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_EventsPage> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }

  func readAll(
    request: ServerRequest<Wordweave_Events_V1_ReadAllRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_EventsPage> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }

  func readEvent(
    request: ServerRequest<Wordweave_Events_V1_ReadEventRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_ReadEventResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }

  func watchHead(
    request: ServerRequest<Wordweave_Events_V1_WatchHeadRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_HeadResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }

  func getTracking(
    request: ServerRequest<Wordweave_Events_V1_GetTrackingRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_GetTrackingResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
}
