/// A rejection that a person can be told.
public protocol ExplainedRejection: Error, Sendable {
  /// A short, stable name such as `already-taken`.
  var code: String { get }
  /// One sentence for the person.
  var reason: String { get }
  /// What kind of no it is.
  var kind: RejectionKind { get }
}

/// The kinds of a business no, as callers tell them apart.
public enum RejectionKind: Hashable, Sendable {
  /// The thing is not there, or the caller may not know that it is.
  case notFound
  /// The caller may not do it.
  case forbidden
  /// The state of things does not allow it.
  case notAllowed
}

/// A member of a request has a value that is never accepted.
public struct ValidationError: ExplainedRejection, Hashable {
  /// The member's name as in JSON, with indexes: `tags/3`.
  public let field: String
  /// A short, stable name such as `too-long`.
  public let code: String
  /// One sentence.
  public let reason: String
  /// Not allowed.
  public var kind: RejectionKind { .notAllowed }

  /// Makes an error.
  public init(_ field: String, _ code: String, _ reason: String) {
    self.field = field
    self.code = code
    self.reason = reason
  }
}

/// What every service may answer beside its own rejections.
public enum CommonRejection: ExplainedRejection, Hashable {
  /// The thing is not there.
  case notFound(String)
  /// It was there and is gone.
  case gone(String)
  /// The caller may not do it.
  case forbidden(String)
  /// The command id names another command.
  case commandIDReused
  /// The idempotency key names another request.
  case idempotencyKeyReused

  /// A short, stable name.
  public var code: String {
    switch self {
    case .notFound: "not-found"
    case .gone: "gone"
    case .forbidden: "forbidden"
    case .commandIDReused: "command-id-reused"
    case .idempotencyKeyReused: "idempotency-key-reused"
    }
  }
  /// One sentence.
  public var reason: String {
    switch self {
    case .notFound(let what): "There is no such \(what)."
    case .gone(let what): "The \(what) is gone."
    case .forbidden(let why): why
    case .commandIDReused: "The command id was used for another command."
    case .idempotencyKeyReused: "The idempotency key was used for another request."
    }
  }
  /// What kind of no it is.
  public var kind: RejectionKind {
    switch self {
    case .notFound, .gone: .notFound
    case .forbidden: .forbidden
    case .commandIDReused, .idempotencyKeyReused: .notAllowed
    }
  }
}
