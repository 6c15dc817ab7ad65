internal import EventLogCore
internal import Foundation
internal import Schemas

extension Wordweave_Events_V1_Event {
  /// Bytes of payloads as JSON that one message carries.
  ///
  /// With the events themselves (`EventPage.messageBytes`) it is within the 4 MiB that clients take by
  /// default. Text takes little more as JSON than without; a control character takes six times as much.
  static let renderedBytes = 5 << 19

  /// Events of one message.
  static func list(_ events: [RecordedEvent]) -> [Wordweave_Events_V1_Event] {
    var room = renderedBytes
    return events.map { Wordweave_Events_V1_Event($0, rendering: &room) }
  }

  /// An event as the wire carries it; the payload is rendered where it can be read and that is no
  /// more than `renderedBytes`.
  init(_ event: RecordedEvent) {
    var room = Self.renderedBytes
    self.init(event, rendering: &room)
  }

  /// Takes off what the payload has as JSON.
  ///
  /// - rendering: bytes that the payload as JSON may have.
  private init(_ event: RecordedEvent, rendering room: inout Int) {
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
    guard !event.isRemoved, payload.count <= room,
      let json = Payloads.json(type: type, contentType: contentType, data: payload),
      json.utf8.count <= room
    else { return }
    room -= json.utf8.count
    dataJson = json
  }
}

extension Wordweave_Events_V1_EventsPage {
  /// A page as the wire carries it.
  init(_ page: EventPage, of log: LogIdentity, as form: EventForm) {
    self.init()
    switch form {
    case .messages: events = Wordweave_Events_V1_Event.list(page.events)
    case .envelopes: envelopes = EnvelopeRun.bytes(of: page.events)
    }
    scannedTo = page.scannedTo.number
    head = page.head.number
    isEnd = page.isEnd
    self.log = log.text
    if let state = page.stream { stream = Wordweave_Events_V1_StreamState(state) }
  }
}
