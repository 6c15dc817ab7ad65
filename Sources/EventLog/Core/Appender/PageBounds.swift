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
    EventPage(
      events: events,
      scannedTo: scannedTo(stoppedAt),
      head: head,
      isEnd: isEnd(stoppedAt)
    )
  }

  /// Makes a page of positions.
  package func page(_ places: [UInt64], stoppedAt: UInt64?) -> PlacePage {
    PlacePage(
      positions: places.map { GlobalPosition($0) },
      scannedTo: scannedTo(stoppedAt),
      isEnd: isEnd(stoppedAt)
    )
  }

  private func isEnd(_ stoppedAt: UInt64?) -> Bool { stoppedAt == nil || stoppedAt == last }

  private func scannedTo(_ stoppedAt: UInt64?) -> GlobalPosition {
    if let stoppedAt { return GlobalPosition(stoppedAt) }
    if reading.direction == .forward { return max(reading.after ?? .start, head) }
    return isEmpty ? reading.after ?? .start : GlobalPosition(last)
  }
}
