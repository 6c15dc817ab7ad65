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
  var first: GlobalPosition { direction == .forward ? after.following : through }

  /// The last position of the walk.
  var last: GlobalPosition { direction == .forward ? through : after.following }

  /// Where a read of the log begins, which leaves out the place that it is given.
  var start: GlobalPosition { direction == .forward ? after : through.following }

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

extension GlobalPosition {
  /// The position after this one; the highest, which a forged page token may name, itself.
  fileprivate var following: GlobalPosition { self < .max ? next : self }
}

extension [RecordedEvent] {
  /// What they hold, as they are stored.
  var byteCount: Int { reduce(0) { count, event in count + event.withEnvelope { $0.count } } }
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

  /// The event at a position, a removed one as its header; nil beyond the head.
  func event(at position: GlobalPosition) async throws(EventLogError) -> RecordedEvent? {
    guard position > .start else { return nil }
    return try await events(at: [position]).first
  }

  /// The events at any number of positions, ascending or descending, in their order; only the first
  /// of them if they hold more than `bound` bytes.
  ///
  /// - bound: once so many bytes are read, no further page is.
  func allEvents(
    at positions: [GlobalPosition],
    bound: Int = .max
  ) async throws(EventLogError) -> [RecordedEvent] {
    var events: [RecordedEvent] = []
    var bytes = 0
    var rest = positions[...]
    while !rest.isEmpty, bytes < bound {
      let found = try await self.events(at: Array(rest.prefix(EventLogLimits.pageEvents)))
      // What is left lies beyond the head.
      guard !found.isEmpty else { break }
      events += found
      bytes += found.byteCount
      rest = rest.dropFirst(found.count)
    }
    return events
  }
}
