/// What an event in `$$S` does to stream S (law L49).
package enum Removal: Hashable, Sendable {
  /// Everything before the revision is removed.
  case truncate(NameKey, before: UInt64)
  /// The whole stream is removed, for ever.
  case tombstone(NameKey)

  package static let truncated: EventType = "$truncated"
  package static let tombstoned: EventType = "$tombstoned"
  /// The events that remove others.
  package static let query = EventQuery.types(truncated, tombstoned)

  /// The stream that loses events.
  package var stream: NameKey {
    switch self {
    case .truncate(let stream, _), .tombstone(let stream): stream
    }
  }

  /// Recognises the log's own events; nil for every other event.
  package init?(stream: String, type: String, data: UnsafeRawBufferPointer) {
    let prefix = "$$"
    guard stream.utf8.starts(with: prefix.utf8) else { return nil }
    let controlled = NameKey(String(decoding: stream.utf8.dropFirst(2), as: UTF8.self))
    if type.hasSameBytes(as: Self.truncated.text), data.count == 8 {
      self = .truncate(controlled, before: data.bigEndian(UInt64.self, at: 0))
    } else if type.hasSameBytes(as: Self.tombstoned.text) {
      self = .tombstone(controlled)
    } else {
      return nil
    }
  }
}

extension AppendRequest {
  /// Asks for the removal of all events of `stream` before `revision` (L49 to L51).
  ///
  /// The events disappear from reads in the commit of this request; nothing is renumbered. A
  /// revision beyond the last one removes what is there now, not what comes later.
  public static func truncating(
    _ stream: StreamName,
    before revision: StreamRevision,
    expecting expected: ExpectedRevision = .any
  ) -> AppendRequest {
    var data: [UInt8] = []
    data.append(bigEndian: revision.number)
    return removing(stream, type: Removal.truncated, data: data, expecting: expected)
  }

  /// Asks for the end of `stream`: its events are removed and it takes no more, for ever.
  public static func tombstoning(
    _ stream: StreamName,
    expecting expected: ExpectedRevision = .any
  ) -> AppendRequest {
    removing(stream, type: Removal.tombstoned, data: [], expecting: expected)
  }

  private static func removing(
    _ stream: StreamName,
    type: EventType,
    data: [UInt8],
    expecting expected: ExpectedRevision
  ) -> AppendRequest {
    let event = NewEvent(type: type, contentType: "application/octet-stream", data: data)
    var request = AppendRequest([
      StreamAppend(to: stream, expecting: expected, []),
      StreamAppend(to: stream.control, [event]),
    ])
    request.isReserved = true
    return request
  }
}
