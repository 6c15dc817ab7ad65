/// What the appender and the engines remember of a stream.
package struct StreamHead: Hashable, Sendable {
  /// The last revision ever written; nil if there is none.
  package var last: UInt64?
  /// The first kept revision; `last + 1` when everything was truncated.
  package var first: UInt64
  package var isTombstoned: Bool
  /// The position of the last event that changed this.
  package var touchedAt: UInt64

  package static let neverWritten = StreamHead(last: nil, first: 0, isTombstoned: false)

  package init(last: UInt64?, first: UInt64, isTombstoned: Bool, touchedAt: UInt64 = 0) {
    self.last = last
    self.first = first
    self.isTombstoned = isTombstoned
    self.touchedAt = touchedAt
  }

  package var state: StreamState {
    if isTombstoned { return .tombstoned }
    guard let last else { return .neverWritten }
    guard first <= last else { return .truncated(last: StreamRevision(last)) }
    return .written(first: StreamRevision(first), last: StreamRevision(last))
  }

  /// Whether anything was ever removed from the stream.
  package var hasRemovals: Bool { isTombstoned || first > 0 }

  /// The revision the next event takes.
  package var next: UInt64 { last.map { $0 + 1 } ?? 0 }

  /// Says why an append that expects `expected` is refused; nil if it is not (law L1).
  package func refusal(
    of expected: ExpectedRevision,
    on stream: NameKey
  ) -> EventLogError? {
    guard !isTombstoned else { return .streamTombstoned(stream.name) }
    let state = state
    let holds =
      switch expected {
      case .any: true
      case .noStream:
        switch state {
        case .neverWritten, .truncated: true
        case .written, .tombstoned: false
        }
      case .streamExists: if case .written = state { true } else { false }
      case .exactly(let revision): last == revision.number
      }
    return holds ? nil : .conflict(stream: stream.name, expected: expected, actual: state)
  }

  /// Applies a removal that is written at `position`.
  package mutating func apply(_ removal: Removal, at position: UInt64) {
    switch removal {
    case .truncate(_, let before): first = max(first, min(before, next))
    case .tombstone: isTombstoned = true
    }
    touchedAt = position
  }
}
