internal import EventLogCore
internal import Testing

// Short forms that many laws use.

// Testing has tags as well; here the log's are meant.
typealias Tag = EventLogCore.Tag

extension EventLogEngine {
  /// Appends `count` sample events to a stream.
  @discardableResult
  func write(
    _ count: Int,
    to stream: StreamName?,
    expecting expected: ExpectedRevision = .any,
    type: EventType = "Happened",
    tags: [Tag] = []
  ) async throws(EventLogError) -> AppendReceipt {
    let events = (0..<count).map { _ in NewEvent.sample(type, tags: tags) }
    return try await append(AppendRequest(to: stream, expecting: expected, events))
  }

  /// The whole stream, page by page.
  func wholeStream(
    _ stream: StreamName,
    limit: Int = EventLogLimits.pageEvents
  ) async throws(EventLogError) -> [RecordedEvent] {
    try await EventStore(self).events(in: stream, pageLimit: limit).collect()
  }

  /// The whole log, page by page.
  func wholeLog(
    matching query: EventQuery = .all,
    direction: Direction = .forward,
    limit: Int = EventLogLimits.pageEvents,
    includeRemoved: Bool = false
  ) async throws(EventLogError) -> [RecordedEvent] {
    var events: [RecordedEvent] = []
    var after: GlobalPosition?
    while true {
      let page = try await readAll(
        after: after,
        matching: query,
        direction: direction,
        limit: limit,
        includeRemoved: includeRemoved
      )
      events.append(contentsOf: page.events)
      if page.isEnd { return events }
      guard page.scannedTo != after else {
        Issue.record("a page that is not the last did not move: \(page.scannedTo)")
        return events
      }
      after = page.scannedTo
    }
  }

  /// The state of a stream, as a read tells it.
  func state(of stream: StreamName) async throws(EventLogError) -> StreamState? {
    do throws(EventLogError) {
      return try await read(stream, from: .first, direction: .forward, limit: 1).stream
    } catch {
      guard case .streamTombstoned = error else { throw error }
      return .tombstoned
    }
  }
}

extension NewEvent {
  static func sample(
    _ type: EventType = "Happened",
    id: EventID? = .make(),
    tags: [Tag] = [],
    data: [UInt8] = [1, 2, 3]
  ) -> NewEvent {
    NewEvent(id: id, type: type, data: data, tags: tags)
  }
}

extension RecordedEvent {
  /// The event as it was handed in.
  var asNew: NewEvent {
    NewEvent(
      id: id,
      type: type,
      schemaVersion: schemaVersion,
      contentType: contentType,
      data: data,
      tags: tags,
      metadata: metadata
    )
  }
}

extension AppendReceipt {
  var positions: [UInt64] { parts.flatMap(\.positions).map(\.number) }
}

/// The error with which the log refuses what `body` asks; nil if it does not.
func refusal(
  _ body: () async throws(EventLogError) -> some Any
) async -> EventLogError? {
  do throws(EventLogError) {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}

/// Waits until `condition` holds; after a minute, generous for loaded machines, the law is broken.
func eventually(
  _ what: Comment,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(60)
  while clock.now < deadline {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(2))
  }
  Issue.record(what, sourceLocation: sourceLocation)
}

/// Runs `count` tasks at once and gathers what they end with, in no order.
func race<Value: Sendable>(
  _ count: Int,
  _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
  try await withThrowingTaskGroup(of: Value.self) { group in
    for index in 0..<count { group.addTask { try await body(index) } }
    var values: [Value] = []
    for try await value in group { values.append(value) }
    return values
  }
}
