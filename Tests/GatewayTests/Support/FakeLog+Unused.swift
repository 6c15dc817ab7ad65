internal import GRPCCore
internal import Schemas

/// The calls that no test makes.
extension FakeLog {
  func readStream(
    request: ServerRequest<Wordweave_Events_V1_ReadStreamRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Events_V1_EventsPage> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
}
