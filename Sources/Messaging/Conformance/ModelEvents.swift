package import EventLogCore

/// Events as a log records them, made without one.
package enum ModelEvents {
  /// The event that stands at a position; without a stream it has no revision.
  package static func event(
    at position: GlobalPosition,
    in stream: StreamName?,
    revision: UInt64 = 0,
    type: EventType = "Happened",
    recordedAt: Timestamp = Timestamp(microseconds: 1_000_000_000)
  ) -> RecordedEvent {
    var bytes: [UInt8] = []
    Envelope.encode(
      NewEvent(type: type),
      id: EventID(high: 7, low: position.number),
      stream: stream,
      tracking: nil,
      into: &bytes
    )
    bytes.withUnsafeMutableBytes {
      Envelope.stamp(
        $0,
        position: position,
        revision: StreamRevision(revision),
        recordedAt: recordedAt
      )
    }
    return RecordedEvent(checked: bytes, start: 0, count: bytes.count)
  }

  /// A log of `count` events that go round `streams`, from position 1.
  package static func log(_ count: Int, over streams: [StreamName]) -> [RecordedEvent] {
    (0..<count).map { index in
      event(
        at: GlobalPosition(UInt64(index + 1)),
        in: streams[index % streams.count],
        revision: UInt64(index / streams.count)
      )
    }
  }
}
