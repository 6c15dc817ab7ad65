/// Where a read of the whole log begins and ends, and what its page says at the end.
package struct PageBounds: Sendable {
  /// The first position to look at, in the read's direction.
  package let first: UInt64
  /// The last position to look at; nothing is left when `first` lies beyond it.
  package let last: UInt64
  private let reading: AllReading
  private let head: GlobalPosition

  package init(_ reading: AllReading, head: GlobalPosition) {
    self.reading = reading
    self.head = head
    switch reading.direction {
    case .forward:
      let after = reading.after?.number ?? 0
      first = after < head.number ? after + 1 : head.number + 1
      last = head.number
    case .backward:
      let before = reading.after.map { min($0.number, head.number + 1) } ?? head.number + 1
      first = before == 0 ? 0 : before - 1
      last = 1
    }
  }

  package var isEmpty: Bool {
    reading.direction == .forward ? first > last : first < last
  }

  /// Makes the page; `stoppedAt` is the last position considered, nil if all were.
  package func page(_ events: [RecordedEvent], stoppedAt: UInt64?) -> EventPage {
    let scannedTo: GlobalPosition
    if let stoppedAt {
      scannedTo = GlobalPosition(stoppedAt)
    } else if reading.direction == .forward {
      scannedTo = max(reading.after ?? .start, head)
    } else {
      scannedTo = isEmpty ? reading.after ?? .start : GlobalPosition(last)
    }
    return EventPage(
      events: events,
      scannedTo: scannedTo,
      head: head,
      isEnd: stoppedAt == nil || stoppedAt == last
    )
  }
}
