package import EventLogCore
package import Foundation

// Pages, as Core knows them and as they travel.

/// Stored events one after another, as they travel between logs: nothing is encoded anew.
package enum EnvelopeRun {
  /// The stored bytes of `events`, one after another.
  package static func bytes(of events: some Collection<RecordedEvent>) -> Data {
    let count = events.reduce(0) { $0 + $1.withEnvelope { $0.count } }
    var bytes = Data(capacity: count)
    for event in events {
      event.withEnvelope { envelope in
        guard let start = envelope.baseAddress else { return }
        bytes.append(start.assumingMemoryBound(to: UInt8.self), count: envelope.count)
      }
    }
    return bytes
  }

  /// Takes a run apart; each envelope is checked, since the bytes come from outside.
  package static func events(in run: Data) throws(EventLogError) -> [RecordedEvent] {
    let page = [UInt8](run)
    var events: [RecordedEvent] = []
    var start = 0
    while start < page.count {
      let (length, damage) = page.withUnsafeBytes { bytes -> (Int, String?) in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        guard let length = Envelope.length(of: rest), length <= rest.count else {
          return (0, "an event is cut off")
        }
        let envelope = UnsafeRawBufferPointer(rebasing: rest[..<length])
        return (length, Envelope.damage(in: envelope) ?? Envelope.disorder(in: envelope))
      }
      if let damage { throw .corrupt(damage, at: nil) }
      events.append(RecordedEvent(checked: page, start: start, count: length))
      start += length
    }
    return events
  }

  /// Events in runs that fit a message each.
  package static func chunks(of events: [RecordedEvent]) -> [ArraySlice<RecordedEvent>] {
    var chunks: [ArraySlice<RecordedEvent>] = []
    var rest = events[...]
    while !rest.isEmpty {
      var bytes = 0
      let chunk = rest.prefix { event in
        defer { bytes += event.withEnvelope { $0.count } }
        return bytes < EventLogLimits.pageBytes
      }
      rest = rest.dropFirst(chunk.count)
      chunks.append(chunk)
    }
    return chunks
  }
}

extension Wordweave_Events_V1_StreamState {
  /// What is known of a stream, as it travels.
  package init(_ state: StreamState) {
    self.init()
    switch state {
    case .neverWritten: kind = .neverWritten
    case .written(let first, let last):
      kind = .written
      self.first = first.number
      self.last = last.number
    case .truncated(let last):
      kind = .truncated
      self.last = last.number
    case .tombstoned: kind = .tombstoned
    }
  }
}

extension StreamState {
  /// What is known of a stream; nil if nothing was told.
  package init?(_ message: Wordweave_Events_V1_StreamState) {
    switch message.kind {
    case .unspecified, .UNRECOGNIZED: return nil
    case .neverWritten: self = .neverWritten
    case .written:
      self = .written(first: StreamRevision(message.first), last: StreamRevision(message.last))
    case .truncated: self = .truncated(last: StreamRevision(message.last))
    case .tombstoned: self = .tombstoned
    }
  }
}

extension EventPage {
  /// A page whose events travelled as they are stored.
  package init(_ message: Wordweave_Events_V1_EventsPage) throws(EventLogError) {
    self.init(
      events: try EnvelopeRun.events(in: message.envelopes),
      scannedTo: GlobalPosition(message.scannedTo),
      head: GlobalPosition(message.head),
      isEnd: message.isEnd,
      stream: message.hasStream ? StreamState(message.stream) : nil
    )
  }
}

extension Wordweave_Events_V1_HeadResponse {
  /// The head of a log, as it travels.
  package init(_ position: GlobalPosition, of identity: LogIdentity) {
    self.init()
    head = position.number
    log = identity.text
    logID = Data(identity.id.bytes)
    epoch = identity.epoch
    epochEnds = identity.epochEnds.map(\.number)
  }
}

extension LogIdentity {
  /// The identity as operators see it: `<id>/<epoch>`.
  package var text: String { "\(id)/\(epoch)" }

  /// Which log answered.
  package init(_ message: Wordweave_Events_V1_HeadResponse) throws(EventLogError) {
    self.init(
      id: try EventID(message: message.logID),
      epoch: message.epoch,
      epochEnds: message.epochEnds.map { GlobalPosition($0) }
    )
  }
}
