internal import EventLogCore
public import GRPCCore
public import Logging
internal import ProjectionsCore
internal import WeaveRuntime

extension RPCError {
  /// How long a caller should wait before it tries again, unless the error knows better.
  private static let retryMilliseconds: Int64 = 200

  /// The status that tells a caller about an error: rejections, conflicts and failures apart.
  ///
  /// What only an operator can act on is logged, and told without details.
  public static func explaining(_ error: any Error, logger: Logger) -> RPCError {
    switch error {
    case let error as RPCError: error
    case let error as ValidationError:
      RPCError(
        code: .invalidArgument,
        message: error.reason,
        metadata: [
          CallKeys.field: .string(error.field), CallKeys.code: .string(error.code),
        ]
      )
    case let error as any ExplainedRejection: explaining(error)
    case let error as CommandConflict: explaining(error)
    case let error as EventLogError: explaining(error, logger: logger)
    case let error as ProjectionReadError: explaining(error)
    case is CancellationError: RPCError(code: .cancelled, message: "The call was cancelled.")
    default: unexpected(error, logger: logger)
    }
  }

  private static func explaining(_ rejection: any ExplainedRejection) -> RPCError {
    let code: RPCError.Code =
      switch rejection.kind {
      case .notFound: .notFound
      case .forbidden: .permissionDenied
      case .notAllowed: .failedPrecondition
      }
    return RPCError(
      code: code,
      message: rejection.reason,
      metadata: [CallKeys.rejection: .string(rejection.code)]
    )
  }

  private static func explaining(_ conflict: CommandConflict) -> RPCError {
    var metadata: GRPCCore.Metadata = [:]
    if let revision = conflict.current {
      metadata.addString("\(revision)", forKey: CallKeys.currentRevision)
    }
    return RPCError(code: .aborted, message: conflict.description, metadata: metadata)
  }

  private static func explaining(_ error: ProjectionReadError) -> RPCError {
    switch error {
    case .lagging(_, let lag):
      RPCError(
        code: .unavailable,
        message: "The read model has not come that far yet.",
        metadata: [
          CallKeys.reason: "projection-lagging", CallKeys.lag: "\(lag)",
          CallKeys.retryAfter: "\(retryMilliseconds)",
        ]
      )
    case .parked:
      RPCError(
        code: .unavailable,
        message: "What was asked for could not be brought up to date.",
        metadata: [
          CallKeys.reason: "projection-parked", CallKeys.retryAfter: "\(retryMilliseconds)",
        ]
      )
    case .beyondHead:
      RPCError(
        code: .outOfRange,
        message: "The log never came that far.",
        metadata: [CallKeys.reason: "position-beyond-head"]
      )
    }
  }

  private static func explaining(_ error: EventLogError, logger: Logger) -> RPCError {
    switch error {
    case .overloaded(let delay):
      RPCError(
        code: .resourceExhausted,
        message: "Too many writes are waiting.",
        metadata: [
          CallKeys.reason: "overloaded",
          CallKeys.retryAfter:
            "\(max(1, delay.components.seconds * 1000 + delay.components.attoseconds / 1_000_000_000_000_000))",
        ]
      )
    case .tooLarge(let field, _, let limit, _):
      RPCError(
        code: .invalidArgument,
        message: "The event is too large: at most \(limit).",
        metadata: [CallKeys.field: .string(field), CallKeys.code: "too-long"]
      )
    case .streamTombstoned:
      RPCError(
        code: .notFound,
        message: "It is gone.",
        metadata: [CallKeys.rejection: "gone"]
      )
    case .conflict(_, _, let actual):
      explaining(CommandConflict(current: actual.lastRevision))
    case .cancelled: RPCError(code: .cancelled, message: "The call was cancelled.")
    case .closed, .unavailable, .outcomeUnknown, .locked, .notLeader:
      failing(error, logger: logger)
    default: unexpected(error, logger: logger)
    }
  }

  private static func failing(_ error: EventLogError, logger: Logger) -> RPCError {
    logger.error("The event log failed", metadata: [LoggingKeys.error: "\(error)"])
    return RPCError(
      code: .unavailable,
      message: "The event log does not answer.",
      metadata: [
        CallKeys.reason: "upstream-unavailable", CallKeys.retryAfter: "\(retryMilliseconds)",
      ]
    )
  }

  private static func unexpected(_ error: any Error, logger: Logger) -> RPCError {
    logger.error("A call failed", metadata: [LoggingKeys.error: "\(error)"])
    return RPCError(code: .internalError, message: "Something went wrong.")
  }
}
