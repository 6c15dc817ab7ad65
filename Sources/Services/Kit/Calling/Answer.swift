public import EventLogCore
public import GRPCCore
public import Logging

/// What a service answers, and what the answer reflects.
public struct Answer<Message: Sendable>: Sendable {
  /// The answer.
  public let message: Message
  /// Where it was written, or what it reflects at least.
  public let position: GlobalPosition
  /// The stream's revision after a write.
  public let revision: StreamRevision?
  /// Whether the same command had been answered before.
  public let isRepeat: Bool

  /// Makes an answer.
  public init(
    _ message: Message,
    at position: GlobalPosition,
    revision: StreamRevision? = nil,
    isRepeat: Bool = false
  ) {
    self.message = message
    self.position = position
    self.revision = revision
    self.isRepeat = isRepeat
  }

  /// Makes the answer to a command.
  public init<State>(_ message: Message, of outcome: CommandOutcome<State>) {
    self.init(
      message,
      at: outcome.position,
      revision: outcome.revision,
      isRepeat: outcome.isRepeat
    )
  }
}

/// Answers one call: reads its metadata, runs `body`, writes the answer's metadata, and turns
/// every error into a status that the caller can act on.
public func respond<Input: Sendable, Output: Sendable>(
  to request: ServerRequest<Input>,
  logger: Logger,
  _ body: (Input, CallContext) async throws -> Answer<Output>
) async throws -> ServerResponse<Output> {
  do {
    let answer = try await body(request.message, CallContext(request.metadata))
    var metadata: GRPCCore.Metadata = [CallKeys.position: "\(answer.position)"]
    if let revision = answer.revision {
      metadata.addString("\(revision)", forKey: CallKeys.revision)
    }
    if answer.isRepeat { metadata.addString("1", forKey: CallKeys.replayed) }
    return ServerResponse(message: answer.message, metadata: metadata)
  } catch {
    throw RPCError.explaining(error, logger: logger)
  }
}
