/// What a snapshot is of: nothing else ever matches it.
///
/// A restored log has another epoch, and a decider that folds otherwise another shape, so that what
/// was kept before them is not found any more.
public struct SnapshotKey: Hashable, Sendable {
  /// The log.
  public let log: EventID
  /// The epoch of the log.
  public let epoch: UInt64
  /// The stream.
  public let stream: StreamName
  /// What its events were folded into.
  public let shape: StateShape

  /// Makes a key.
  public init(log: LogIdentity, stream: StreamName, shape: StateShape) {
    self.log = log.id
    epoch = log.epoch
    self.stream = stream
    self.shape = shape
  }
}

/// What a fold makes of events, and how it is written down.
public struct StateShape: Hashable, Sendable {
  /// Who folds: letters, digits, dots and hyphens.
  public let name: String
  /// Another number for whatever folds or writes otherwise.
  public let version: UInt64

  /// Makes a shape.
  public init(name: String, version: UInt64) {
    self.name = name
    self.version = version
  }
}

/// The state of a stream at a revision, so that a load reads only what came afterwards.
///
/// A snapshot is a cache and never the truth: whoever uses one reads the event at its revision and
/// compares id and position. One that is missing, of another past, ahead of the stream, or of a
/// stream whose beginning is gone is passed over, and the state is folded from the events again.
public struct Snapshot: Hashable, Sendable {
  /// What it is of.
  public let key: SnapshotKey
  /// The last revision that went into the state.
  public let revision: StreamRevision
  /// The position of the event at that revision.
  public let position: GlobalPosition
  /// The id of the event at that revision: another past of the stream has another.
  public let eventID: EventID
  /// The state, in whatever form its owner chose.
  public let state: [UInt8]

  /// Makes a snapshot.
  public init(
    key: SnapshotKey,
    revision: StreamRevision,
    position: GlobalPosition,
    eventID: EventID,
    state: [UInt8]
  ) {
    self.key = key
    self.revision = revision
    self.position = position
    self.eventID = eventID
    self.state = state
  }

  /// Whether an event of the stream is the one that the state was taken after.
  public func isTaken(after event: RecordedEvent) -> Bool {
    event.revision == revision && event.position == position && event.id == eventID
  }
}

/// Keeps snapshots; may forget any of them at any time, and never fails: what does not work is as if
/// nothing were kept.
///
/// - Shape: what is found is what was saved under that very key, byte for byte.
/// - Source: `SnapshotLaws` in `EventLogConformance`.
public protocol SnapshotStore: Sendable {
  /// The newest snapshot of a key; nil if none is kept.
  func snapshot(for key: SnapshotKey) async -> Snapshot?

  /// Keeps snapshots, each unless a newer one of the same key is kept.
  func save(_ snapshots: [Snapshot]) async

  /// Forgets the snapshots of some keys: those that turned out to be of no use.
  func forget(_ keys: [SnapshotKey]) async
}
