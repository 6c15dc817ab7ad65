internal import EventLogCore
internal import GRPCCore
internal import Schemas

/// Runs `body` and turns an error of the log into the status that the specification gives it.
func answering<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch let error as EventLogError {
    throw error.rpcError
  }
}

extension EventLogEngine {
  /// The head after something was written: where that ended, if the head cannot be told.
  ///
  /// It is written whatever happens now, and who heard an error instead would take it for refused.
  func head(afterWriting end: GlobalPosition) async -> GlobalPosition {
    do {
      return try await head()
    } catch {
      return end
    }
  }
}

/// As `answering`, and cancels `body` when the call's time is over or its caller goes away.
func answering<R: Sendable>(
  _ context: ServerContext,
  _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
  try await cancelling(with: context, end: CallScope.current.end) { try await answering(body) }
}
