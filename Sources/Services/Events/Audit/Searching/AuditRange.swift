internal import EventLogCore

/// A stretch of the log, and which way it is walked.
struct AuditRange: Hashable, Sendable {
  /// Exclusive.
  var after: GlobalPosition
  /// Inclusive.
  var through: GlobalPosition
  var direction: Direction

  var isEmpty: Bool { through <= after }

  func contains(_ position: GlobalPosition) -> Bool { position > after && position <= through }

  /// The first position of the walk.
  var first: GlobalPosition { direction == .forward ? after.next : through }

  /// Where a read of the log begins, which leaves out the place that it is given.
  var start: GlobalPosition { direction == .forward ? after : through.next }

  /// What is left behind a place.
  func beyond(_ place: GlobalPosition) -> AuditRange {
    var range = self
    switch direction {
    case .forward: range.after = max(after, place)
    case .backward:
      let before = place > .start ? GlobalPosition(place.number - 1) : .start
      range.through = min(through, before)
    }
    return range
  }

  /// Whether nothing of it lies behind a place.
  func ends(at place: GlobalPosition) -> Bool { beyond(place).isEmpty }

  /// Whether a place is reached later than another.
  func isFurther(_ place: GlobalPosition, than other: GlobalPosition) -> Bool {
    direction == .forward ? place > other : place < other
  }
}

extension EventLogEngine {
  /// The last position that was recorded before `time`; `.start` if there is none.
  ///
  /// Times never go back along the log (L25), so halving it finds the place: some 24 reads of one
  /// event in ten million.
  func lastPosition(before time: Timestamp) async throws(EventLogError) -> GlobalPosition {
    var low: UInt64 = 0
    var high = try await head().number
    while low < high {
      let middle = low + (high - low + 1) / 2
      guard let event = try await event(at: GlobalPosition(middle)) else {
        throw .corrupt("no event where one must be", at: GlobalPosition(middle))
      }
      if event.recordedAt < time { low = middle } else { high = middle - 1 }
    }
    return GlobalPosition(low)
  }

  /// The event at a position, removed ones as their headers; nil beyond the head.
  func event(at position: GlobalPosition) async throws(EventLogError) -> RecordedEvent? {
    guard position > .start else { return nil }
    let page = try await readAll(
      after: GlobalPosition(position.number - 1),
      matching: .all,
      direction: .forward,
      limit: 1,
      includeRemoved: true
    )
    guard let event = page.events.first, event.position == position else { return nil }
    return event
  }

  /// The events at positions, in their order.
  ///
  /// - positions: ascending or descending.
  func events(at positions: [GlobalPosition]) async throws -> [RecordedEvent] {
    guard let first = positions.first, let last = positions.last else { return [] }
    let (low, high) = (min(first, last).number, max(first, last).number)
    let span = high - low + 1
    if span <= UInt64(positions.count * AuditLimits.denseGap), span <= EventLogLimits.pageEvents {
      return try await events(from: low, through: high, at: positions)
    }
    let width = AuditLimits.pointReads
    return try await withThrowingTaskGroup(of: (Int, [RecordedEvent]).self) { group in
      let share = (positions.count + width - 1) / width
      for number in 0..<width {
        let part = positions.dropFirst(number * share).prefix(share)
        guard !part.isEmpty else { break }
        group.addTask {
          var events: [RecordedEvent] = []
          for position in part {
            if let event = try await self.event(at: position) { events.append(event) }
          }
          return (number, events)
        }
      }
      var shares = Array(repeating: [RecordedEvent](), count: width)
      for try await (number, events) in group { shares[number] = events }
      return shares.flatMap(\.self)
    }
  }

  private func events(
    from low: UInt64,
    through high: UInt64,
    at positions: [GlobalPosition]
  ) async throws(EventLogError) -> [RecordedEvent] {
    let wanted = Set(positions)
    var found: [RecordedEvent] = []
    var after = GlobalPosition(low - 1)
    // A page also ends at its bytes.
    while after.number < high {
      let page = try await readAll(
        after: after,
        matching: .all,
        direction: .forward,
        limit: Int(high - after.number),
        includeRemoved: true
      )
      found += page.events.filter { wanted.contains($0.position) }
      guard page.scannedTo > after else { break }
      after = page.scannedTo
    }
    if let first = positions.first, let last = positions.last, first > last { found.reverse() }
    return found
  }
}
