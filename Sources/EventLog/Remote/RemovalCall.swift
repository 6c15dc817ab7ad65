internal import EventLogCore
internal import Schemas

/// A removal, which has a call of its own: the other end writes the log's own events itself.
enum RemovalCall: Sendable {
  case truncate(Wordweave_Events_V1_TruncateRequest)
  case tombstone(Wordweave_Events_V1_TombstoneRequest)

  /// Recognises what `AppendRequest.truncating` and `.tombstoning` make; nil for all else.
  init?(_ request: AppendRequest) {
    guard request.isReserved, request.parts.count == 2, request.condition == nil,
      request.tracking == nil, request.parts[0].events.isEmpty,
      let stream = request.parts[0].stream, request.parts[1].stream == stream.control,
      request.parts[1].events.count == 1
    else { return nil }
    let event = request.parts[1].events[0]
    let expected = Wordweave_Events_V1_ExpectedRevision(request.parts[0].expected)
    let removal = event.data.withUnsafeBytes {
      Removal(stream: stream.control.text, type: event.type.text, data: $0)
    }
    switch removal {
    case .truncate(_, let before)?:
      var call = Wordweave_Events_V1_TruncateRequest()
      call.stream = stream.text
      call.before = before
      call.expected = expected
      self = .truncate(call)
    case .tombstone?:
      var call = Wordweave_Events_V1_TombstoneRequest()
      call.stream = stream.text
      call.expected = expected
      self = .tombstone(call)
    case nil: return nil
    }
  }

  private var stream: StreamName {
    switch self {
    case .truncate(let call): StreamName(call.stream)
    case .tombstone(let call): StreamName(call.stream)
    }
  }

  /// The receipt of the two parts that the request had.
  func receipt(_ change: Wordweave_Events_V1_StreamChange) -> AppendReceipt {
    AppendReceipt(
      parts: [
        AppendReceipt.Part(stream: stream, positions: [], firstRevision: nil),
        AppendReceipt.Part(
          stream: stream.control,
          positions: [GlobalPosition(change.position)],
          firstRevision: StreamRevision(change.revision)
        ),
      ],
      isRepeat: change.isRepeat
    )
  }
}

extension AppendRequest {
  /// The request with an id on every event, so that it can be sent again.
  func withIDs() -> AppendRequest {
    guard ids == .unique, parts.contains(where: { $0.events.contains { $0.id == nil } }) else {
      return self
    }
    var request = self
    for part in request.parts.indices {
      for event in request.parts[part].events.indices
      where request.parts[part].events[event].id == nil {
        request.parts[part].events[event].id = .make()
      }
    }
    return request
  }
}
