/// The state of a stream at a revision, so that a load reads only what came afterwards.
///
/// A snapshot is a cache and never the truth: one that is missing, of another version or ahead of
/// the stream is passed over, and the state is folded from the events again.
public struct Snapshot: Hashable, Sendable {
  /// The stream.
  public let stream: StreamName
  /// The last revision that went into the state.
  public let revision: StreamRevision
  /// The version of the state's shape; another version is another snapshot.
  public let stateVersion: UInt32
  /// The state, in whatever form its owner chose.
  public let state: [UInt8]

  /// Makes a snapshot.
  public init(
    stream: StreamName,
    revision: StreamRevision,
    stateVersion: UInt32,
    state: [UInt8]
  ) {
    self.stream = stream
    self.revision = revision
    self.stateVersion = stateVersion
    self.state = state
  }
}

/// Keeps snapshots; may forget any of them at any time.
public protocol SnapshotStore: Sendable {
  /// The newest snapshot of a stream in this version of the state; nil if none is kept.
  func snapshot(of stream: StreamName, stateVersion: UInt32) async -> Snapshot?

  /// Keeps a snapshot, unless a newer one of the same stream and version is kept.
  func save(_ snapshot: Snapshot) async

  /// Forgets every snapshot of a stream, for example after its tombstone.
  func forget(_ stream: StreamName) async
}
