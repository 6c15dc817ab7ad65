internal import EventLogCore

/// Collects envelopes into the one buffer that a page's events share.
struct PageBuilder {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  var count: Int { ends.count }
  var isFull: Bool { ends.count == limit }

  /// Copies an envelope in; false if the page has no room for it (law L28).
  mutating func add(_ envelope: UnsafeRawBufferPointer) -> Bool {
    guard !isFull, ends.isEmpty || bytes.count + envelope.count <= EventLogLimits.pageBytes
    else { return false }
    bytes.append(contentsOf: envelope)
    ends.append(bytes.count)
    return true
  }

  consuming func events() -> [RecordedEvent] {
    var events: [RecordedEvent] = []
    events.reserveCapacity(ends.count)
    var start = 0
    for end in ends {
      events.append(RecordedEvent(checked: bytes, start: start, count: end - start))
      start = end
    }
    return events
  }
}
