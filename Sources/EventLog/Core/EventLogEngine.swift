/// Which log this is: two logs never share an identity, and a restored one starts a new epoch.
public struct LogIdentity: Hashable, Sendable {
  /// Chosen when the log was made.
  public let id: EventID
  /// Grows when the log is restored or opened with known loss.
  ///
  /// The first is 1. A later one has its number in the upper half and chance in the lower: two
  /// restores of one backup are two epochs, though both are the second.
  public let epoch: UInt64
  /// The heads at which the epochs before this one ended, the oldest first; a checkpoint of one of
  /// them is good up to there (L36).
  ///
  /// Fewer than there were make older checkpoints unusable.
  public let epochEnds: [GlobalPosition]

  /// Makes an identity.
  public init(id: EventID, epoch: UInt64, epochEnds: [GlobalPosition] = []) {
    self.id = id
    self.epoch = epoch
    self.epochEnds = epochEnds
  }
}

extension LogIdentity {
  /// Which epoch it is, counted from 1.
  public var epochNumber: UInt64 { Self.number(ofEpoch: epoch) }

  /// An epoch after this one: another each time.
  package var nextEpoch: UInt64 {
    (epochNumber + 1) << Self.chanceBits | UInt64(UInt32.random(in: 0...UInt32.max))
  }

  /// The identity of the epoch after this one, which ended at `head`.
  package func next(endingAt head: GlobalPosition) -> LogIdentity {
    LogIdentity(id: id, epoch: nextEpoch, epochEnds: epochEnds + [head])
  }

  /// Up to where this log holds what it held in another of its epochs: up to the lowest of the ends
  /// since, for an older backup may have been restored afterwards.
  ///
  /// Nil where that is not known: an epoch of another restore, or one whose end is not kept.
  package func end(ofEpoch other: UInt64) -> GlobalPosition? {
    guard other != epoch else { return .max }
    let number = Self.number(ofEpoch: other)
    guard number >= 1, number < epochNumber, epochNumber - number <= UInt64(epochEnds.count) else {
      return nil
    }
    return epochEnds.suffix(Int(epochNumber - number)).min()
  }

  private static let chanceBits: UInt64 = 32

  private static func number(ofEpoch epoch: UInt64) -> UInt64 {
    // Those of before have no chance in them.
    epoch >> chanceBits == 0 ? epoch : epoch >> chanceBits
  }
}

/// The contract that every engine of the event log keeps; `EventLogConformance` holds its laws.
///
/// - Shape: pages to pull, never streams that push: backpressure comes for free.
/// - Units: positions from 1, revisions from 0; `limit` counts events, 1…4,096.
/// - Errors: `.closed` after `close()`; cancellation throws `.cancelled` and leaves nothing open.
/// - Source: laws L1 to L51 of the event log's specification.
public protocol EventLogEngine: Sendable {
  /// Which log this is.
  var identity: LogIdentity { get }

  /// Whether the log's own events can be written from here; of the log of another process, whose
  /// Event Service writes them, removals alone can.
  var takesReserved: Bool { get }

  /// Writes a request whole or not at all and answers when it is durable.
  func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt

  /// Reads one page of a stream; `from` is inclusive in both directions.
  func read(
    _ stream: StreamName,
    from: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage

  /// Reads one page of the whole log; `after` is exclusive in both directions, nil means from
  /// the beginning forward and from the head backward. Removed events are skipped unless
  /// `includeRemoved`, which shows them as headers (L51); once it has answered, the head is at or
  /// beyond what removed them.
  func readAll(
    after: GlobalPosition?,
    matching: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage

  /// Reads the events at some positions, in their order, removed ones as headers (L51): as many of
  /// the first as a page holds, one at least.
  ///
  /// `positions` are 1…4,096, ascending or descending, each once. Those beyond the head are left out.
  func events(at positions: [GlobalPosition]) async throws(EventLogError) -> [RecordedEvent]

  /// Reads one page of the positions at which events may match, removed ones too: those of all
  /// events that do, and maybe of some more, since the events themselves are not looked at where the
  /// indexes alone can tell. `after` and `limit` are as in `readAll`.
  func places(
    after: GlobalPosition?,
    matching: EventQuery,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> PlacePage

  /// The position of the event that bears this id; nil if there is none.
  func position(of id: EventID) async throws(EventLogError) -> GlobalPosition?

  /// The recorded mark of a source; nil if there is none.
  func tracking(of source: String) async throws(EventLogError) -> UInt64?

  /// The published head; with `beyond` suspends until the head is greater than it.
  func head(beyond: GlobalPosition?) async throws(EventLogError) -> GlobalPosition

  /// Writes events of an export at their own positions, with their own ids and times (L47, L48).
  ///
  /// The first must follow the head; those at or before the head must equal what is there.
  func restore(_ events: [RecordedEvent]) async throws(EventLogError)

  /// Ends the engine: queued requests end written and answered, or `.closed` and not written.
  func close() async
}

extension EventLogEngine {
  /// As all engines do that are not somebody else's.
  public var takesReserved: Bool { true }

  /// Reads one page of the whole log without removed events.
  public func readAll(
    after: GlobalPosition?,
    matching query: EventQuery = .all,
    direction: Direction = .forward,
    limit: Int = EventLogLimits.pageEvents
  ) async throws(EventLogError) -> EventPage {
    try await readAll(
      after: after,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: false
    )
  }

  /// Reads the events at some positions one by one, for engines that have no better way.
  public func events(
    at positions: [GlobalPosition]
  ) async throws(EventLogError) -> [RecordedEvent] {
    try positions.validate()
    var found = PageEvents(limit: positions.count)
    for position in positions {
      let page = try await readAll(
        after: GlobalPosition(position.number - 1),
        matching: .all,
        direction: .forward,
        limit: 1,
        includeRemoved: true
      )
      guard let event = page.events.first else { continue }
      guard found.add(event) else { break }
    }
    return found.events
  }

  /// Reads positions with their events, for engines that have no better way.
  public func places(
    after: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> PlacePage {
    PlacePage(
      try await readAll(
        after: after,
        matching: query,
        direction: direction,
        limit: limit,
        includeRemoved: true
      )
    )
  }

  /// The published head, now.
  public func head() async throws(EventLogError) -> GlobalPosition { try await head(beyond: nil) }
}

extension [GlobalPosition] {
  /// Refuses what `events(at:)` does not take.
  package func validate() throws(EventLogError) {
    guard (1...EventLogLimits.pageEvents).contains(count) else {
      throw .invalid("1 to \(EventLogLimits.pageEvents) positions are read at once, not \(count)")
    }
    guard !contains(.start) else { throw .invalid("events have positions from 1") }
    let isOrdered =
      zip(self, dropFirst()).allSatisfy { $0 < $1 } || zip(self, dropFirst()).allSatisfy { $0 > $1 }
    guard isOrdered else { throw .invalid("positions are read in ascending or descending order") }
  }
}
