package import EventLogCore
package import Foundation

// Appends, as Core knows them and as they travel.

extension Wordweave_Events_V1_ExpectedRevision {
  /// What must hold of a stream, as it travels.
  package init(_ expected: ExpectedRevision) {
    self.init()
    switch expected {
    case .any: kind = .any
    case .noStream: kind = .noStream
    case .streamExists: kind = .streamExists
    case .exactly(let last):
      kind = .exactly
      revision = last.number
    }
  }
}

extension ExpectedRevision {
  /// What must hold of a stream; `.invalid` for a kind that this version does not know.
  package init(_ message: Wordweave_Events_V1_ExpectedRevision) throws(EventLogError) {
    switch message.kind {
    case .unspecified, .any: self = .any
    case .noStream: self = .noStream
    case .streamExists: self = .streamExists
    case .exactly: self = .exactly(StreamRevision(message.revision))
    case .UNRECOGNIZED(let kind): throw .invalid("expected revision of unknown kind \(kind)")
    }
  }
}

extension Wordweave_Events_V1_QueryItem {
  /// An alternative of a query, as it travels.
  package init(_ item: EventQuery.Item) {
    self.init()
    types = item.types.map(\.text)
    tags = item.tags.map(\.text)
  }
}

extension EventQuery {
  /// A query; no items match everything.
  package init(_ items: [Wordweave_Events_V1_QueryItem]) {
    self.init(
      items.map { Item(types: $0.types.map { EventType($0) }, tags: $0.tags.map { Tag($0) }) }
    )
  }

  /// The query's items, as they travel.
  package var messages: [Wordweave_Events_V1_QueryItem] {
    items.map(Wordweave_Events_V1_QueryItem.init)
  }
}

extension Metadata {
  /// Metadata of pairs that travelled; that keys are unique is checked on append.
  package init(_ pairs: [Wordweave_Events_V1_MetadataEntry]) {
    self.init(pairs.map { Entry(key: $0.key, value: $0.value) })
  }

  /// The pairs, as they travel.
  package var messages: [Wordweave_Events_V1_MetadataEntry] {
    entries.map { pair in
      var message = Wordweave_Events_V1_MetadataEntry()
      message.key = pair.key
      message.value = pair.value
      return message
    }
  }
}

extension Wordweave_Events_V1_NewEvent {
  /// An event that is handed in, as it travels.
  package init(_ event: NewEvent) {
    self.init()
    if let given = event.id { id = Data(given.bytes) }
    type = event.type.text
    schemaVersion = event.schemaVersion
    contentType = event.contentType
    data = Data(event.data)
    tags = event.tags.map(\.text)
    metadata = event.metadata.messages
  }
}

extension NewEvent {
  /// What an event is whose caller names no media type.
  private static let unnamedContent = "application/octet-stream"

  /// An event that was handed in; `.invalid` for an id of another length than 16.
  package init(_ message: Wordweave_Events_V1_NewEvent) throws(EventLogError) {
    self.init(
      id: message.hasID ? try EventID(message: message.id) : nil,
      type: EventType(message.type),
      schemaVersion: message.hasSchemaVersion ? message.schemaVersion : 1,
      contentType: message.hasContentType ? message.contentType : Self.unnamedContent,
      data: [UInt8](message.data),
      tags: message.tags.map { Tag($0) },
      metadata: Metadata(message.metadata)
    )
  }
}

extension EventID {
  /// An id that travelled as bytes.
  package init(message bytes: Data) throws(EventLogError) {
    guard let id = EventID(bytes: bytes) else {
      throw .invalid("an event id has 16 bytes, not \(bytes.count)")
    }
    self = id
  }
}

extension Wordweave_Events_V1_AppendRequest {
  /// A request, as it travels.
  package init(_ request: AppendRequest) {
    self.init()
    parts = request.parts.map { part in
      var message = Wordweave_Events_V1_StreamAppend()
      if let stream = part.stream { message.stream = stream.text }
      if part.expected != .any {
        message.expected = Wordweave_Events_V1_ExpectedRevision(part.expected)
      }
      message.events = part.events.map(Wordweave_Events_V1_NewEvent.init)
      return message
    }
    if let asked = request.condition {
      condition.failIfMatches = asked.failIfMatches.messages
      if let after = asked.after { condition.after = after.number }
      // A condition without items is one all the same.
      condition = condition
    }
    if let mark = request.tracking {
      tracking.source = mark.source
      tracking.position = mark.position
    }
    ids = request.ids == .free ? .free : .unique
  }
}

extension AppendRequest {
  /// A request that travelled; `.invalid` for what no request of this version holds.
  package init(_ message: Wordweave_Events_V1_AppendRequest) throws(EventLogError) {
    var parts: [StreamAppend] = []
    parts.reserveCapacity(message.parts.count)
    for part in message.parts {
      var events: [NewEvent] = []
      events.reserveCapacity(part.events.count)
      for event in part.events { events.append(try NewEvent(event)) }
      parts.append(
        StreamAppend(
          to: part.hasStream ? StreamName(part.stream) : nil,
          expecting: part.hasExpected ? try ExpectedRevision(part.expected) : .any,
          events
        )
      )
    }
    self.init(parts)
    if message.hasCondition {
      condition = AppendCondition(
        failIfMatches: EventQuery(message.condition.failIfMatches),
        after: message.condition.hasAfter ? GlobalPosition(message.condition.after) : nil
      )
    }
    if message.hasTracking {
      tracking = Tracking(source: message.tracking.source, position: message.tracking.position)
    }
    switch message.ids {
    case .unspecified, .unique: ids = .unique
    case .free: ids = .free
    case .UNRECOGNIZED(let policy): throw .invalid("unknown policy \(policy) for ids")
    }
  }
}

extension Wordweave_Events_V1_AppendResponse {
  /// A receipt, as it travels.
  package init(_ receipt: AppendReceipt) {
    self.init()
    parts = receipt.parts.map { part in
      var message = Wordweave_Events_V1_AppendedPart()
      message.positions = part.positions.map(\.number)
      if let revision = part.firstRevision { message.firstRevision = revision.number }
      return message
    }
    isRepeat = receipt.isRepeat
    position = receipt.lastPosition.number
  }
}

extension AppendReceipt {
  /// The receipt of `request`, out of the answer that travelled.
  package init(_ message: Wordweave_Events_V1_AppendResponse, of request: AppendRequest) {
    self.init(
      parts: zip(request.parts, message.parts).map { asked, part in
        Part(
          stream: asked.stream,
          positions: part.positions.map { GlobalPosition($0) },
          firstRevision: part.hasFirstRevision ? StreamRevision(part.firstRevision) : nil
        )
      },
      isRepeat: message.isRepeat
    )
  }
}
