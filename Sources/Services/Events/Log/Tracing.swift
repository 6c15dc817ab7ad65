internal import EventLogCore
internal import GRPCCore

/// What a call brings along besides its request.
struct CallScope: Sendable {
  /// W3C trace context of the call; nil if it has none.
  var traceparent: String?
  /// When its time is over; nil if it has no deadline.
  var end: ContinuousClock.Instant?
  /// Who calls, where that is recorded.
  var actor: String?
  /// The outside request that it belongs to, where that is recorded.
  var correlationID: String?
  /// The room for answers on its connection; nil for a call whose answer is short.
  var room: AnswerRoom?

  /// That of the call which is served here.
  @TaskLocal static var current = CallScope()
}

extension AppendRequest {
  /// The request with the call's trace context on every event that has none.
  func traced() -> AppendRequest {
    guard let traceparent = CallScope.current.traceparent else { return self }
    let key = EventLogCore.Metadata.Keys.traceparent
    var request = self
    for part in request.parts.indices {
      for event in request.parts[part].events.indices
      where request.parts[part].events[event].metadata[key] == nil {
        request.parts[part].events[event].metadata[key] = traceparent
      }
    }
    return request
  }
}

extension GRPCCore.Metadata {
  /// The first text under a key that can be noted with an event; nil if there is none.
  func note(_ key: String) -> String? {
    guard let text = self[stringValues: key].first(where: { _ in true }), !text.isEmpty,
      text.utf8.count <= CallScope.textBytes, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return nil }
    return text
  }
}

extension CallScope {
  /// Bytes of a text that is noted; what names a caller or a request is shorter.
  static let textBytes = 512
  static let actorKey = "ww-actor"
  static let correlationKey = "ww-correlation-id"

  /// The same with who calls, as the call's metadata says.
  func naming(_ metadata: GRPCCore.Metadata) -> CallScope {
    var scope = self
    scope.actor = metadata.note(Self.actorKey)
    scope.correlationID = metadata.note(Self.correlationKey)
    return scope
  }
}

extension StreamingServerResponse {
  /// The same answer, made under `scope`: what streams is produced after the call has returned.
  func scoped(_ scope: CallScope) -> StreamingServerResponse {
    guard case .success(var contents) = accepted else { return self }
    var response = self
    let producer = contents.producer
    contents.producer = { writer in
      try await CallScope.$current.withValue(scope) { try await producer(writer) }
    }
    response.accepted = .success(contents)
    return response
  }
}
