internal import EventLogCore
internal import Foundation
internal import Schemas

extension Wordweave_Events_V1_Event {
  /// An event as the wire carries it; the payload is rendered where its schema is known.
  init(_ event: RecordedEvent) {
    self.init()
    position = event.position.number
    if let name = event.stream { stream = name.text }
    if let place = event.revision { revision = place.number }
    id = Data(event.id.bytes)
    type = event.type.text
    schemaVersion = event.schemaVersion
    contentType = event.contentType
    let payload = event.data
    data = Data(payload)
    tags = event.tags.map(\.text)
    metadata = event.metadata.entries.map { pair in
      var entry = Wordweave_Events_V1_MetadataEntry()
      entry.key = pair.key
      entry.value = pair.value
      return entry
    }
    recordedAt = event.recordedAt.microseconds
    removed = event.isRemoved
    if !event.isRemoved, event.contentType == NewEvent.protobuf {
      dataJson = Payloads.json(type: event.type.text, data: payload) ?? ""
    }
  }
}

extension Wordweave_Events_V1_EventsPage {
  init(_ page: EventPage, of log: LogIdentity) {
    self.init()
    events = page.events.map(Wordweave_Events_V1_Event.init)
    scannedTo = page.scannedTo.number
    head = page.head.number
    isEnd = page.isEnd
    self.log = log.text
  }
}

extension LogIdentity {
  /// The identity as operators see it: `<id>/<epoch>`.
  var text: String { "\(id)/\(epoch)" }
}

extension EventQuery {
  /// A query as the wire carries it; no items match everything.
  init(_ items: [Wordweave_Events_V1_QueryItem]) {
    self.init(
      items.map { Item(types: $0.types.map { EventType($0) }, tags: $0.tags.map { Tag($0) }) }
    )
  }
}
