public import EventLogCore
public import GRPCCore

/// What travels beside a request: who calls, what is expected, what a read must reflect.
public struct CallContext: Sendable {
  /// A request that its sender may repeat: the digests of its key and of its content.
  public struct Idempotency: Hashable, Sendable {
    /// Digest of subject and key.
    public let key: String
    /// Digest of method, path and body.
    public let fingerprint: String

    /// Makes a mark.
    public init(key: String, fingerprint: String) {
      self.key = key
      self.fingerprint = fingerprint
    }
  }

  /// How long a read waits for its position unless told otherwise.
  public static let defaultPatience = Duration.seconds(2)
  /// How long a read waits at most: a caller's own deadline is near by then.
  public static let longestPatience = Duration.seconds(10)
  /// Bytes of one metadata value; they become event metadata and must fit its limits.
  public static let valueBytes = 512

  /// Who calls.
  public var caller: Caller
  /// What belongs to one outside request.
  public var correlationID: String?
  /// What made the caller call.
  public var causationID: String?
  /// W3C trace context.
  public var traceparent: String?
  /// When it happened, where that is not now.
  public var occurredAt: Timestamp?
  /// The mark of a request that may be repeated.
  public var idempotency: Idempotency?
  /// What a change expects of its stream.
  public var expected: ExpectedRevision
  /// The position that a read must reflect.
  public var floor: GlobalPosition?
  /// How long a read may wait for it.
  public var patience: Duration

  /// Makes a context.
  public init(
    caller: Caller,
    correlationID: String? = nil,
    causationID: String? = nil,
    traceparent: String? = nil,
    occurredAt: Timestamp? = nil,
    idempotency: Idempotency? = nil,
    expected: ExpectedRevision = .any,
    floor: GlobalPosition? = nil,
    patience: Duration = CallContext.defaultPatience
  ) {
    self.caller = caller
    self.correlationID = correlationID
    self.causationID = causationID
    self.traceparent = traceparent
    self.occurredAt = occurredAt
    self.idempotency = idempotency
    self.expected = expected
    self.floor = floor
    self.patience = patience
  }

  /// Reads the metadata of a request.
  ///
  /// - Errors: `ValidationError` that names the key; `CommonRejection.forbidden` for a time that
  ///   only operators may give.
  public init(_ metadata: GRPCCore.Metadata) throws {
    let values = MetadataValues(metadata: metadata)
    let roles = try values.text(CallKeys.roles)?.split(separator: ",").compactMap {
      Role(rawValue: String($0))
    }
    self.init(caller: Caller(id: try values.text(CallKeys.actor), roles: Set(roles ?? [])))
    correlationID = try values.text(CallKeys.correlationID)
    causationID = try values.text(CallKeys.causationID)
    traceparent = try values.text(CallKeys.traceparent)
    if let time = try values.text(CallKeys.occurredAt) {
      guard caller.isOperator else {
        throw CommonRejection.forbidden("Only operators may say when something happened.")
      }
      guard let time = Timestamp(time) else { throw values.malformed(CallKeys.occurredAt) }
      occurredAt = time
    }
    if let key = try values.text(CallKeys.idempotencyKey) {
      let fingerprint = try values.text(CallKeys.idempotencyFingerprint)
      idempotency = Idempotency(key: key, fingerprint: fingerprint ?? "")
    }
    switch try values.text(CallKeys.expectedRevision) {
    case nil: break
    case "exists": expected = .streamExists
    case "none": expected = .noStream
    case let text?:
      guard let number = UInt64(text) else { throw values.malformed(CallKeys.expectedRevision) }
      expected = .exactly(StreamRevision(number))
    }
    floor = try values.number(CallKeys.minPosition).map { GlobalPosition($0) }
    if let milliseconds = try values.number(CallKeys.patience) {
      patience = min(.milliseconds(Int64(clamping: milliseconds)), Self.longestPatience)
    }
  }

  /// Metadata for a call to another service on behalf of this one.
  public var forwarded: GRPCCore.Metadata {
    var metadata: GRPCCore.Metadata = [:]
    let entries = [
      (CallKeys.actor, caller.id), (CallKeys.correlationID, correlationID),
      (CallKeys.traceparent, traceparent),
    ]
    for (key, value) in entries {
      if let value { metadata.addString(value, forKey: key) }
    }
    if !caller.roles.isEmpty {
      let roles = caller.roles.map(\.rawValue).sorted().joined(separator: ",")
      metadata.addString(roles, forKey: CallKeys.roles)
    }
    return metadata
  }
}

/// The first value of each key, checked.
private struct MetadataValues {
  let metadata: GRPCCore.Metadata

  func text(_ key: String) throws -> String? {
    for value in metadata[stringValues: key] {
      guard !value.isEmpty else { return nil }
      let isSound = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
      guard isSound, value.utf8.count <= CallContext.valueBytes else { throw malformed(key) }
      return value
    }
    return nil
  }

  func number(_ key: String) throws -> UInt64? {
    guard let text = try text(key) else { return nil }
    guard let number = UInt64(text) else { throw malformed(key) }
    return number
  }

  func malformed(_ key: String) -> ValidationError {
    ValidationError(key, "malformed", "The metadata value is not of the form that it must have.")
  }
}
