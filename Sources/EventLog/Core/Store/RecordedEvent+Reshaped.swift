extension RecordedEvent {
  /// The same event in another envelope: other type, schema version and data, all else as it was
  /// recorded.
  ///
  /// The view belongs to readers; the log never stores it.
  package func reshaped(
    type: EventType,
    schemaVersion: UInt32,
    data: [UInt8]
  ) -> RecordedEvent {
    let event = NewEvent(
      id: callerID,
      type: type,
      schemaVersion: schemaVersion,
      contentType: contentType,
      data: data,
      tags: tags,
      metadata: metadata
    )
    var bytes: [UInt8] = []
    Envelope.encode(
      event,
      id: id,
      givenID: givenID,
      stream: stream,
      tracking: tracking,
      into: &bytes
    )
    bytes.withUnsafeMutableBytes {
      Envelope.stamp($0, position: position, revision: revision, recordedAt: recordedAt)
    }
    return RecordedEvent(checked: bytes, start: 0, count: bytes.count)
  }
}
