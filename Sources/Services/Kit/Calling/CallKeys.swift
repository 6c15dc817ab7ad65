/// The metadata keys of calls between gateway and services.
public enum CallKeys {
  /// Request: who calls.
  public static let actor = "ww-actor"
  /// Request: the caller's roles, separated by commas.
  public static let roles = "ww-roles"
  /// Request: what belongs to one outside request, across services.
  public static let correlationID = "ww-correlation-id"
  /// Request: the event or command that made the caller call.
  public static let causationID = "ww-causation-id"
  /// Request: W3C trace context.
  public static let traceparent = "traceparent"
  /// Request: digest of subject and idempotency key.
  public static let idempotencyKey = "ww-idempotency-key"
  /// Request: digest of method, path and body.
  public static let idempotencyFingerprint = "ww-idempotency-fingerprint"
  /// Request: the revision a change expects, in decimal, or `exists`, or `none`.
  public static let expectedRevision = "ww-expected-revision"
  /// Request: the position a read must reflect, in decimal.
  public static let minPosition = "ww-min-position"
  /// Request: how long a read may wait for it, in milliseconds.
  public static let patience = "ww-patience-ms"
  /// Request: when it happened, as RFC 3339; for operators.
  public static let occurredAt = "ww-occurred-at"
  /// Answer: where it was written, or what a read reflects at least, in decimal.
  public static let position = "ww-position"
  /// Answer to a write: the stream's revision after it, in decimal.
  public static let revision = "ww-revision"
  /// Answer to a write: `1` if the same command had been answered before.
  public static let replayed = "ww-replayed"
  /// Error: the code of a rejection.
  public static let rejection = "ww-rejection"
  /// Error: the member that is not valid.
  public static let field = "ww-field"
  /// Error: why it is not.
  public static let code = "ww-code"
  /// Error: the stream's revision after a lost race.
  public static let currentRevision = "ww-current-revision"
  /// Error: why the service cannot answer now.
  public static let reason = "ww-reason"
  /// Error: when to try again, in milliseconds.
  public static let retryAfter = "ww-retry-after-ms"
  /// Error: how many positions a read model is behind the head.
  public static let lag = "ww-lag"
}
