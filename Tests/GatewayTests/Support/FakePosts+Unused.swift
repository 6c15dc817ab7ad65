internal import GRPCCore
internal import Schemas

/// The calls that no test makes.
extension FakePosts {
  func unpublish(
    request: ServerRequest<Wordweave_Posts_V1_PostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func restore(
    request: ServerRequest<Wordweave_Posts_V1_PostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func restoreRevision(
    request: ServerRequest<Wordweave_Posts_V1_RestoreRevisionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func listRevisions(
    request: ServerRequest<Wordweave_Posts_V1_ListRevisionsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_ListRevisionsResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func getRevision(
    request: ServerRequest<Wordweave_Posts_V1_GetRevisionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func diff(
    request: ServerRequest<Wordweave_Posts_V1_DiffRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_DiffResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
}
