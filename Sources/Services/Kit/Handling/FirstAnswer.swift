internal import EventLogCore

/// Where a command was written when it was first answered.
struct FirstAnswer: Sendable {
  let stream: StreamName
  let revision: StreamRevision
  let position: GlobalPosition
}

/// Finds what a repeated command wrote, so that it is answered instead of decided again.
struct FirstAnswerFinder: Sendable {
  let store: EventStore

  /// The events that one command may write at most; a command's events fit one page.
  private static let commandEvents = 64

  /// The first answer to the call's idempotency key or command id; nil for a new command.
  func find(
    command: EventID?,
    idempotency: CallContext.Idempotency?
  ) async throws -> FirstAnswer? {
    if let idempotency, let first = try await find(idempotency) { return first }
    if let command { return try await find(command) }
    return nil
  }

  private func find(_ idempotency: CallContext.Idempotency) async throws -> FirstAnswer? {
    var pages = store.events(
      matching: .tags(idempotency.tag),
      pageLimit: Self.commandEvents
    ).makeAsyncIterator()
    while let page = try await pages.next() {
      guard let last = page.events.last else { continue }
      guard last.metadata[CallContext.Idempotency.metadataKey] == idempotency.fingerprint else {
        throw CommonRejection.idempotencyKeyReused
      }
      return Self.answer(last)
    }
    return nil
  }

  private func find(_ command: EventID) async throws -> FirstAnswer? {
    let id = EventID(of: command, index: 0)
    guard let position = try await store.engine.position(of: id),
      let first = try await store.event(at: position),
      let stream = first.stream
    else { return nil }
    var pages = store.events(in: stream, from: first.revision, pageLimit: Self.commandEvents)
      .makeAsyncIterator()
    var last = first
    if let page = try await pages.next() {
      for (index, event) in page.events.enumerated() {
        guard event.id == EventID(of: command, index: index) else { break }
        last = event
      }
    }
    return Self.answer(last)
  }

  private static func answer(_ event: RecordedEvent) -> FirstAnswer? {
    guard let stream = event.stream, let revision = event.revision else { return nil }
    return FirstAnswer(stream: stream, revision: revision, position: event.position)
  }
}

extension CallContext.Idempotency {
  /// The key of event metadata that holds the fingerprint.
  static let metadataKey = "idempotency-fingerprint"
  /// The tag that one event of the log at most may bear.
  var tag: Tag { Tag("idempotency:" + key) }
}
