package import GRPCCore
internal import NIOCore

extension Problem {
  /// What a service's refusal or failure is to the client.
  ///
  /// The service's own message is passed on for business refusals only: theirs are written for
  /// people; an infrastructure failure's text could name hosts or queries.
  /// - Parameters:
  ///   - error: what the call ended with; details travel in its metadata.
  ///   - expectsRevision: whether the request named a revision, so that a lost race is a 412.
  package init(_ error: RPCError, expectsRevision: Bool = false) {
    let metadata = error.metadata
    let reason = metadata.first("ww-reason")
    switch error.code {
    case .notFound:
      self.init(metadata.first("ww-rejection") == "gone" ? .gone : .notFound)
    case .permissionDenied:
      self = Self.refusal(metadata.first("ww-rejection"), error.message) ?? Problem(.forbidden)
      if kind.status == 422 { self = Problem(.forbidden, error.message) }
    case .unauthenticated:
      self.init(.unauthenticated)
    case .failedPrecondition:
      let code = metadata.first("ww-rejection")
      self = Self.refusal(code, error.message) ?? Problem(.rejected, error.message)
      if let code { extensions.append(("rejection", Self.quoted(code))) }
    case .alreadyExists:
      self.init(.alreadyTaken, error.message)
    case .aborted:
      self.init(expectsRevision ? .revisionConflict : .conflict)
      if let revision = metadata.first("ww-current-revision").flatMap(UInt64.init) {
        extensions.append(("currentRevision", String(revision)))
      }
    case .invalidArgument:
      self.init(.validation)
      if let field = metadata.first("ww-field") {
        errors = [.init(field, metadata.first("ww-code") ?? "invalid", error.message)]
      } else {
        detail = error.message
      }
    case .outOfRange:
      self.init(reason == "position-beyond-head" ? .positionBeyondHead : .validation)
    case .unavailable, .resourceExhausted:
      self.init(Self.unavailability(reason, isExhausted: error.code == .resourceExhausted))
      let milliseconds = metadata.first("ww-retry-after-ms").flatMap(Int.init) ?? 1000
      self = retrying(afterSeconds: min(max(1, (milliseconds + 999) / 1000), 60))
      if let lag = metadata.first("ww-lag").flatMap(UInt64.init) {
        extensions.append(("lag", String(lag)))
      }
    case .deadlineExceeded:
      self.init(.deadlineExceeded)
    case .unimplemented:
      self.init(.notImplemented)
    case .cancelled:
      self.init(.internal)
    case .dataLoss:
      self.init(.damaged)
      cause = error
    default:
      self.init(.internal)
      cause = error
    }
  }

  /// The same with what is damaged, for those who can mend it.
  package var toOperators: Problem {
    guard kind == .damaged, let cause else { return self }
    var copy = self
    copy.detail = cause.message
    return copy
  }

  private static func refusal(_ code: String?, _ message: String) -> Problem? {
    switch code {
    case "already-taken": Problem(.alreadyTaken, message)
    case "gone": Problem(.gone)
    case "command-id-reused": Problem(.conflict, message)
    case "idempotency-key-reused": Problem(.idempotencyKeyReused)
    case "suspended": Problem(.accountSuspended)
    default: nil
    }
  }

  private static func unavailability(_ reason: String?, isExhausted: Bool) -> Kind {
    switch reason {
    case "projection-lagging": .projectionLagging
    case "projection-parked": .projectionParked
    case "overloaded": .overloaded
    default: isExhausted ? .overloaded : .upstreamUnavailable
    }
  }

  private static func quoted(_ text: String) -> String {
    var writer = JSONWriter(capacity: 32)
    writer.text(text)
    return String(buffer: writer.buffer)
  }
}

extension Metadata {
  /// The first text under a key.
  package func first(_ key: String) -> String? {
    for value in self[stringValues: key] { return value }
    return nil
  }
}
