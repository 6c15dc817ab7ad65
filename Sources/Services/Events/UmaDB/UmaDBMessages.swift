internal import EventLogCore
internal import Schemas

/// What an event that came by this protocol has and does not say.
enum UmaDBDefaults {
  static let schemaVersion: UInt32 = 1
  static let contentType = "application/octet-stream"
}

/// Metadata keys under which reads show what the protocol has no field for.
enum UmaDBKeys {
  /// Keys that begin so are ours; an append that has one is refused.
  static let prefix = "ww."
  static let stream = "ww.stream"
  static let revision = "ww.revision"
  static let schemaVersion = "ww.schema-version"
  static let contentType = "ww.content-type"
}

extension AppendRequest {
  /// Reads a request of the protocol: events without stream, ids judged by the protocol's own rule.
  init(_ wire: Umadb_V1_AppendRequest) throws(EventLogError) {
    var events: [NewEvent] = []
    events.reserveCapacity(wire.events.count)
    for event in wire.events { events.append(try NewEvent(event)) }
    self.init(
      [StreamAppend(to: nil, events)],
      condition: wire.hasCondition ? AppendCondition(wire.condition) : nil,
      tracking: wire.hasTrackingInfo
        ? Tracking(source: wire.trackingInfo.source, position: wire.trackingInfo.position) : nil,
      ids: .free
    )
  }
}

extension AppendCondition {
  /// Reads a condition; one without query speaks of every event.
  init(_ wire: Umadb_V1_AppendCondition) {
    self.init(
      failIfMatches: EventQuery(wire.failIfEventsMatch),
      after: wire.hasAfter ? GlobalPosition(wire.after) : nil
    )
  }
}

extension EventQuery {
  /// Reads a query; one that is absent reads as one without items.
  init(_ wire: Umadb_V1_Query) {
    self.init(
      wire.items.map { item in
        Item(types: item.types.map { EventType($0) }, tags: item.tags.map { Tag($0) })
      }
    )
  }
}

extension NewEvent {
  /// Reads an event of the protocol.
  init(_ wire: Umadb_V1_Event) throws(EventLogError) {
    var id: EventID?
    if !wire.uuid.isEmpty {
      id = EventID(wire.uuid)
      guard id != nil else { throw .invalid("'\(wire.uuid)' is no UUID") }
    }
    for entry in wire.metadata where entry.key.utf8.starts(with: UmaDBKeys.prefix.utf8) {
      throw .invalid("metadata keys that begin with \(UmaDBKeys.prefix) are the log's own")
    }
    self.init(
      id: id,
      type: EventType(wire.eventType),
      schemaVersion: UmaDBDefaults.schemaVersion,
      contentType: UmaDBDefaults.contentType,
      data: Array(wire.data),
      tags: wire.tags.map { Tag($0) },
      metadata: Metadata(wire.metadata.map { Metadata.Entry(key: $0.key, value: $0.value) })
    )
  }
}
