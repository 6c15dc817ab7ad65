internal import EventLogCore

/// What a call brings along besides its request.
struct CallScope: Sendable {
  /// W3C trace context of the call; nil if it has none.
  var traceparent: String?
  /// When its time is over; nil if it has no deadline.
  var end: ContinuousClock.Instant?

  /// That of the call which is served here.
  @TaskLocal static var current = CallScope()
}

extension AppendRequest {
  /// The request with the call's trace context on every event that has none.
  func traced() -> AppendRequest {
    guard let traceparent = CallScope.current.traceparent else { return self }
    var request = self
    for part in request.parts.indices {
      for event in request.parts[part].events.indices
      where request.parts[part].events[event].metadata[Metadata.Keys.traceparent] == nil {
        request.parts[part].events[event].metadata[Metadata.Keys.traceparent] = traceparent
      }
    }
    return request
  }
}
