package import GRPCCore

/// Calls between services of one process.
///
/// The in-process transport of the gRPC library carries each call over two streams and several
/// tasks, some 40 µs a call; a service in the same process can be handed the request as it is.
/// Server interceptors do not run here: a service checks its callers itself. Nor do deadlines: what
/// a service waits for is bounded by the patience that the caller names.
package enum DirectCall {
  /// Hands a request to `serve` and gives its answer as a client would see it.
  package static func unary<Input: Sendable, Output: Sendable>(
    _ request: ClientRequest<Input>,
    of method: MethodDescriptor,
    _ serve: (ServerRequest<Input>, ServerContext) async throws -> ServerResponse<Output>
  ) async -> ClientResponse<Output> {
    let context = ServerContext(
      descriptor: method,
      remotePeer: "in-process",
      localPeer: "in-process",
      cancellation: ServerContext.RPCCancellationHandle()
    )
    do {
      let response = try await serve(
        ServerRequest(metadata: request.metadata, message: request.message),
        context
      )
      let contents = try response.accepted.get()
      return ClientResponse(
        message: contents.message,
        metadata: contents.metadata,
        trailingMetadata: contents.trailingMetadata
      )
    } catch let error as RPCError {
      return ClientResponse(error: error)
    } catch is CancellationError {
      return ClientResponse(error: RPCError(code: .cancelled, message: "the call was cancelled"))
    } catch {
      return ClientResponse(
        error: RPCError(code: .unknown, message: "the service failed", cause: error)
      )
    }
  }
}
