/// What must hold of a stream for an append to be accepted (law L1).
public enum ExpectedRevision: Hashable, Sendable {
  /// Nothing.
  case any
  /// The stream shows no event: never written, or truncated to nothing.
  case noStream
  /// The stream shows an event.
  case streamExists
  /// The last revision ever written is this one.
  case exactly(StreamRevision)
}

/// The events of one append that go to one stream, or to none.
public struct StreamAppend: Hashable, Sendable {
  /// The stream; nil for events without one, which admit only `.any`.
  public var stream: StreamName?
  /// What must hold of the stream.
  public var expected: ExpectedRevision
  /// The events, in order; none makes the part a check alone.
  public var events: [NewEvent]

  /// Makes a part.
  public init(
    to stream: StreamName?,
    expecting expected: ExpectedRevision = .any,
    _ events: [NewEvent]
  ) {
    self.stream = stream
    self.expected = expected
    self.events = events
  }
}

/// A dynamic consistency boundary: the append fails if an event after `after` matches.
public struct AppendCondition: Hashable, Sendable {
  /// What must not have happened.
  public var failIfMatches: EventQuery
  /// Exclusive; nil and 0 mean the whole log; at or beyond the head always passes (L9, L12).
  public var after: GlobalPosition?

  /// Makes a condition.
  public init(failIfMatches: EventQuery, after: GlobalPosition? = nil) {
    self.failIfMatches = failIfMatches
    self.after = after
  }
}

/// How far a foreign source has been handled, recorded in the commit of its effect (L37, L38).
public struct Tracking: Hashable, Sendable {
  /// The name of the source, 1–255 bytes.
  public let source: String
  /// The position in the source; strictly increasing.
  public let position: UInt64

  /// Makes a mark.
  public init(source: String, position: UInt64) {
    self.source = source
    self.position = position
  }
}

/// What one append is asked to write: whole or not at all.
public struct AppendRequest: Hashable, Sendable {
  /// How the ids of the events are judged.
  public enum IDPolicy: Hashable, Sendable {
    /// An id names one event in the whole log; repeats get the first receipt (L15 to L20).
    case unique
    /// Ids already known are replaced; for protocols that bring their own rule.
    case free
  }

  /// The parts; a stream occurs in one of them only.
  public var parts: [StreamAppend]
  /// A condition over the whole log.
  public var condition: AppendCondition?
  /// A mark to record in the same commit.
  public var tracking: Tracking?
  /// How ids are judged.
  public var ids: IDPolicy
  /// Whether `$` streams and types are let through; only the log's own requests have it.
  package var isReserved = false

  /// Makes a request.
  public init(
    _ parts: [StreamAppend],
    condition: AppendCondition? = nil,
    tracking: Tracking? = nil,
    ids: IDPolicy = .unique
  ) {
    self.parts = parts
    self.condition = condition
    self.tracking = tracking
    self.ids = ids
  }

  /// Makes a request of one part.
  public init(
    to stream: StreamName?,
    expecting expected: ExpectedRevision = .any,
    _ events: [NewEvent],
    condition: AppendCondition? = nil,
    tracking: Tracking? = nil
  ) {
    self.init(
      [StreamAppend(to: stream, expecting: expected, events)],
      condition: condition,
      tracking: tracking
    )
  }

  /// How many events the request holds.
  public var eventCount: Int { parts.reduce(0) { $0 + $1.events.count } }
}

/// Where an append was written; a repeat gets the receipt of the first one.
public struct AppendReceipt: Hashable, Sendable {
  /// Where one part was written.
  public struct Part: Hashable, Sendable {
    /// The stream, as asked.
    public let stream: StreamName?
    /// The positions of the part's events, in their order; empty for a check alone.
    public let positions: [GlobalPosition]
    /// The revision of the part's first event; nil without stream or events.
    public let firstRevision: StreamRevision?

    /// Makes a part.
    public init(
      stream: StreamName?,
      positions: [GlobalPosition],
      firstRevision: StreamRevision?
    ) {
      self.stream = stream
      self.positions = positions
      self.firstRevision = firstRevision
    }

    /// The revision of the part's last event; nil without stream or events.
    public var lastRevision: StreamRevision? {
      firstRevision.map { StreamRevision($0.number + UInt64(max(positions.count, 1)) - 1) }
    }
  }

  /// One part for each part of the request, in its order.
  public let parts: [Part]
  /// Whether nothing was written because the same ids were recorded before.
  public let isRepeat: Bool

  /// Makes a receipt.
  public init(parts: [Part], isRepeat: Bool) {
    self.parts = parts
    self.isRepeat = isRepeat
  }

  /// The highest position of the request.
  public var lastPosition: GlobalPosition {
    parts.lazy.flatMap(\.positions).max() ?? .start
  }
  /// The lowest position of the request.
  public var firstPosition: GlobalPosition {
    parts.lazy.flatMap(\.positions).min() ?? .start
  }
}
