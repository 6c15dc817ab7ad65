internal import EventLogCore

// An export in lines, version 1: UTF-8, one JSON object a line (application/x-ndjson).
//
//   first   {"wordweave":"events","version":1,"log":"<id>/<epoch>","head":N}, the head when the
//           export began; more events follow if some were removed meanwhile
//   each    an event: position, stream, revision, id, type, schemaVersion, contentType, tags,
//           metadata (an object, in the order of the event), recordedAt (RFC 3339, microseconds),
//           data (base64), crc (the CRC-32C of the stored event)
//             where it applies: json (data as JSON where its schema is known; not read again),
//             tracking {source, position}, removed, chosenID (the log chose the id), givenID
//   last    {"end":true,"count":N,"digest":"sha256:…"}, the digest of the stored events
//
// An event's line holds everything that its stored bytes say. `crc` tells whether they can be made
// of it again, so that a line that was edited is found where it stands.

/// Everything that a stored event says, taken apart.
struct EventLine: Equatable {
  static let version: Int64 = 1

  var position: GlobalPosition
  var stream: StreamName?
  var revision: StreamRevision?
  var id: EventID
  /// Whether the log chose the id.
  var isChosen: Bool
  /// The id that a foreign protocol gave.
  var givenID: EventID?
  var type: EventType
  var schemaVersion: UInt32
  var contentType: String
  var tags: [Tag]
  var metadata: Metadata
  var recordedAt: Timestamp
  var tracking: Tracking?
  var isRemoved: Bool
  var data: [UInt8]

  /// Takes an event apart.
  init(_ event: RecordedEvent) {
    position = event.position
    stream = event.stream
    revision = event.revision
    id = event.id
    givenID = event.givenID
    isChosen = event.callerID == nil
    type = event.type
    schemaVersion = event.schemaVersion
    contentType = event.contentType
    tags = event.tags
    metadata = event.metadata
    recordedAt = event.recordedAt
    tracking = event.tracking
    isRemoved = event.isRemoved
    data = event.data
  }

  /// The stored bytes, made again.
  ///
  /// Every length must be within the log's limits.
  var envelope: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Envelope.smallest + 256 + data.count)
    Envelope.encode(
      NewEvent(
        id: isChosen ? nil : givenID ?? id,
        type: type,
        schemaVersion: schemaVersion,
        contentType: contentType,
        data: data,
        tags: tags,
        metadata: metadata
      ),
      id: id,
      givenID: givenID,
      stream: stream,
      tracking: tracking,
      into: &bytes
    )
    if isRemoved { bytes[Envelope.Offset.flags] |= Envelope.Flag.removed }
    bytes.withUnsafeMutableBytes {
      Envelope.stamp($0, position: position, revision: revision, recordedAt: recordedAt)
    }
    return bytes
  }
}
