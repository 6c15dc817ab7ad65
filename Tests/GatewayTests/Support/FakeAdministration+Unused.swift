internal import GRPCCore
internal import Schemas

/// The calls that no test makes.
extension FakeAdministration {
  func status(
    request: ServerRequest<Wordweave_Events_V1_StatusRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_StatusResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func getLimits(
    request: ServerRequest<Wordweave_Events_V1_GetLimitsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_GetLimitsResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func backup(
    request: ServerRequest<Wordweave_Events_V1_BackupRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_BackupProgress> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func compact(
    request: ServerRequest<Wordweave_Events_V1_CompactRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_CompactProgress> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func handOverLeadership(
    request: ServerRequest<Wordweave_Events_V1_HandOverLeadershipRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_HandOverLeadershipResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func stats(
    request: ServerRequest<Wordweave_Events_V1_StatsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_StatsResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func verify(
    request: ServerRequest<Wordweave_Events_V1_VerifyRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_VerifyProgress> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func cancelRebuild(
    request: ServerRequest<Wordweave_Events_V1_ProjectionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_ProjectionStatus> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func cutOver(
    request: ServerRequest<Wordweave_Events_V1_ProjectionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_ProjectionStatus> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func rollBack(
    request: ServerRequest<Wordweave_Events_V1_ProjectionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_ProjectionStatus> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func compare(
    request: ServerRequest<Wordweave_Events_V1_ProjectionRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_RebuildProgress> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func replay(
    request: ServerRequest<Wordweave_Events_V1_ReplayRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Wordweave_Events_V1_ReplayProgress> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func listParked(
    request: ServerRequest<Wordweave_Events_V1_ListParkedRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_ListParkedResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func redrive(
    request: ServerRequest<Wordweave_Events_V1_RedriveRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_RedriveResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
}
