/// Which way a read goes.
public enum Direction: Hashable, Sendable {
  /// From lower to higher.
  case forward
  /// From higher to lower.
  case backward
}

/// What the log knows of a stream.
public enum StreamState: Hashable, Sendable {
  /// Nothing was ever written to it.
  case neverWritten
  /// It shows revisions `first` through `last`.
  case written(first: StreamRevision, last: StreamRevision)
  /// Everything was truncated; `last` is the last revision ever written.
  case truncated(last: StreamRevision)
  /// It was tombstoned.
  case tombstoned

  /// The last revision ever written; nil for a stream never written or tombstoned.
  public var lastRevision: StreamRevision? {
    switch self {
    case .written(_, let last), .truncated(let last): last
    case .neverWritten, .tombstoned: nil
    }
  }
}

/// One page of a read.
public struct EventPage: Sendable {
  /// The events, in the order of the read.
  public let events: [RecordedEvent]
  /// How far the read looked: everything up to here, in its direction, was considered.
  public let scannedTo: GlobalPosition
  /// The published head at that moment.
  public let head: GlobalPosition
  /// Whether there was nothing beyond this page at that moment.
  public let isEnd: Bool
  /// The state of the stream that was read; nil for a read of the whole log.
  public let stream: StreamState?

  /// Makes a page.
  public init(
    events: [RecordedEvent],
    scannedTo: GlobalPosition,
    head: GlobalPosition,
    isEnd: Bool,
    stream: StreamState? = nil
  ) {
    self.events = events
    self.scannedTo = scannedTo
    self.head = head
    self.isEnd = isEnd
    self.stream = stream
  }
}
