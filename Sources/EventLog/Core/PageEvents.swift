/// Collects the events of a page within its bounds (law L28).
package struct PageEvents {
  package private(set) var events: [RecordedEvent] = []
  private var bytes = 0
  private let limit: Int

  package init(limit: Int) { self.limit = limit }

  package var count: Int { events.count }
  package var isFull: Bool { events.count == limit }

  /// Takes an event in; false if the page has no room for it.
  package mutating func add(_ event: RecordedEvent) -> Bool {
    let size = event.withEnvelope { $0.count }
    guard !isFull, events.isEmpty || bytes + size <= EventLogLimits.pageBytes else { return false }
    bytes += size
    events.append(event)
    return true
  }
}
