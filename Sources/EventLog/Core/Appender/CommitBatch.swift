/// What one commit writes: whole or not at all.
package struct CommitBatch: Sendable {
  /// One accepted request, stamped.
  package struct Request: Sendable {
    package let firstPosition: UInt64
    package let prepared: PreparedRequest
  }

  /// One event of the batch, while it is visited.
  package struct Event {
    package let request: PreparedRequest
    package let event: PreparedEvent
    package let envelope: UnsafeRawBufferPointer
  }

  package internal(set) var requests: [Request] = []
  /// The streams that changed, as they are after the commit.
  package internal(set) var heads: [NameKey: StreamHead] = [:]
  /// How many streams have their first event in here.
  package internal(set) var begunStreams = 0
  /// The marks that grew.
  package internal(set) var tracking: [NameKey: UInt64] = [:]
  package internal(set) var eventCount = 0
  package internal(set) var byteCount = 0
  /// The position of the last event; 0 if there is none.
  package internal(set) var lastPosition: UInt64 = 0

  /// What the store made of the first requests ahead of the write (see `LogStorage.stage`).
  package var staged: (any StagedRows)?
  /// How many requests are in `staged`.
  package var stagedRequests = 0

  package init() {}

  package var isEmpty: Bool { requests.isEmpty }

  /// How many events are not staged.
  package var unstagedEvents: Int {
    requests[stagedRequests...].reduce(0) { $0 + $1.prepared.events.count }
  }

  /// Visits every event that is not staged, with its position.
  package func forEachEvent<Failure: Error>(
    _ visit: (UInt64, Event) throws(Failure) -> Void
  ) throws(Failure) {
    for request in requests[stagedRequests...] {
      let prepared = request.prepared
      var failure: Failure?
      prepared.bytes.withUnsafeBytes { bytes in
        var position = request.firstPosition
        for event in prepared.events {
          let range = event.start..<(event.start + event.count)
          let envelope = UnsafeRawBufferPointer(rebasing: bytes[range])
          do throws(Failure) {
            try visit(position, Event(request: prepared, event: event, envelope: envelope))
          } catch {
            failure = error
            return
          }
          position += 1
        }
      }
      if let failure { throw failure }
    }
  }
}

/// Requests of a batch in the form of a store; in the hands of one thread at a time, with their
/// batch.
package protocol StagedRows: AnyObject, Sendable {}
