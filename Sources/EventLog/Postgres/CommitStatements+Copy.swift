internal import EventLogCore
internal import PostgresDriver

// A large commit's rows as copies.
extension CommitStatements {
  private static let eventCopy = PostgresStatement(
    "copy events",
    "COPY event (position, stream, revision, id, type, envelope) FROM STDIN (FORMAT binary)"
  )

  private static let tagCopy = PostgresStatement(
    "copy tags",
    "COPY event_tag (tag, position) FROM STDIN (FORMAT binary)"
  )

  /// What a name takes, roughly: room is reserved for it.
  private static let nameBytes = 24

  /// The events of a batch, and their tags if they bear any.
  static func copies(of batch: CommitBatch) -> [PostgresCopy] {
    let count = batch.unstagedEvents
    var events = PostgresCopy(
      eventCopy,
      fields: 6,
      rows: count,
      bytes: batch.byteCount + count * (32 + 2 * nameBytes)
    )
    var tags = PostgresCopy(tagCopy, fields: 2, rows: count, bytes: count * (8 + nameBytes))
    batch.forEachEvent { position, visited in
      let event = visited.event
      events.beginRow()
      events.append(position)
      if let stream = visited.request.stream(of: event) {
        stream.text.withBytes { events.append($0) }
        events.append(event.revision)
      } else {
        events.appendNull()
        events.appendNull()
      }
      if event.id.names(position) {
        events.appendNull()
      } else {
        events.appendUUID(high: event.id.high, low: event.id.low)
      }
      events.append(Envelope.type(of: visited.envelope))
      events.append(visited.envelope)
      forEachIndexedTag(of: visited.envelope) { tag in
        tags.beginRow()
        tags.append(tag)
        tags.append(position)
      }
    }
    events.finish()
    tags.finish()
    return tags.count > 0 ? [events, tags] : [events]
  }

  /// Visits the tags of an event as the index has them: once each (an event may bear one twice,
  /// law L39).
  static func forEachIndexedTag(
    of envelope: UnsafeRawBufferPointer,
    _ visit: (UnsafeRawBufferPointer) -> Void
  ) {
    var seen: [UnsafeRawBufferPointer] = []
    Envelope.forEachTag(of: envelope) { tag in
      guard !seen.contains(where: { $0.hasSameBytes(as: tag) }) else { return }
      seen.append(tag)
      visit(tag)
    }
  }
}
