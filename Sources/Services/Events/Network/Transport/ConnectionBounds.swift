/// What the calls of a connection are held to, beside what HTTP/2 itself bounds.
struct ConnectionBounds: Sendable {
  /// How long a call may take whose caller does not say.
  let callLimit: Duration
  /// Bytes of answers that may wait for their reader.
  let answerBytes: Int
  /// How long an answer may stand still while they are that many.
  let stallLimit: Duration
  /// What all connections count their large requests with.
  let large: LargeRequests

  init(_ settings: EventServerSettings) {
    callLimit = settings.callLimit
    answerBytes = settings.answerBytes
    stallLimit = settings.stallLimit
    large = LargeRequests(bytes: settings.largeRequestBytes)
  }
}
