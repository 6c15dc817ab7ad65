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
    metadata = event.metadata.messages
    recordedAt = event.recordedAt.microseconds
    removed = event.isRemoved
    if !event.isRemoved, event.contentType == NewEvent.protobuf {
      dataJson = Payloads.json(type: event.type.text, data: payload) ?? ""
    }
  }
}

extension Wordweave_Events_V1_EventsPage {
  /// A page as the wire carries it.
  init(_ page: EventPage, of log: LogIdentity, as form: EventForm) {
    self.init()
    switch form {
    case .messages: events = page.events.map(Wordweave_Events_V1_Event.init)
    case .envelopes: envelopes = EnvelopeRun.bytes(of: page.events)
    }
    scannedTo = page.scannedTo.number
    head = page.head.number
    isEnd = page.isEnd
    self.log = log.text
    if let state = page.stream { stream = Wordweave_Events_V1_StreamState(state) }
  }
}
