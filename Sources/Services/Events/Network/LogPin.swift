internal import EventLogCore
internal import GRPCCore
internal import Schemas

/// Refuses calls that are meant for another log, or for this one before it was restored.
///
/// A client that knows positions of one log says so on each call; nothing is read or written in
/// another one in its name.
struct LogPin: ServerInterceptor {
  let store: EventStore

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>,
    context: ServerContext,
    next:
      @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws
      -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    try await check(request.metadata)
    return try await next(request, context)
  }

  /// Refuses a call whose metadata names another log.
  func check(_ metadata: GRPCCore.Metadata) async throws {
    for meant in metadata[stringValues: EventCalls.pinKey] where meant != store.identity.text {
      return try await answering {
        throw EventLogError.logEpochChanged(head: try await store.engine.head())
      }
    }
  }
}
