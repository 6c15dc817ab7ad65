internal import EventLogCore

/// Snapshots of one decider's states, shared with other processes.
struct StateSnapshots<State: Sendable>: Sendable {
  private let queue: SnapshotQueue
  private let log: @Sendable () -> LogIdentity
  private let shape: StateShape
  private let encode: @Sendable (State) throws -> [UInt8]?
  private let decode: @Sendable ([UInt8]) throws -> State

  /// As the queue has it.
  var worthEvents: Int { SnapshotQueue.worthEvents }

  init<Codec: StateCodec>(
    _ queue: SnapshotQueue,
    of codec: Codec.Type,
    in store: EventStore
  ) throws where Codec.D.State == State, State: MomentTaking {
    self.queue = queue
    log = { store.identity }
    shape = try Codec.shape()
    encode = { try Codec.encode($0) }
    decode = { try Codec.decode($0) }
  }

  /// What is kept of a stream; nil if nothing is, or nothing of use.
  func state(of stream: StreamName) async -> LoadedStream<State>? {
    let key = key(of: stream)
    guard let snapshot = await queue.store.snapshot(for: key) else { return nil }
    guard let state = try? decode(snapshot.state) else {
      queue.forget(key)
      return nil
    }
    var loaded = LoadedStream(
      state: state,
      revision: snapshot.revision,
      position: snapshot.position
    )
    loaded.lastID = snapshot.eventID
    loaded.saved = snapshot.revision
    return loaded
  }

  /// Forgets what turned out to be of no use.
  func forget(_ stream: StreamName) { queue.forget(key(of: stream)) }

  /// Has a state saved if enough events came since the last time, and notes that in it.
  func save(_ loaded: inout LoadedStream<State>, of stream: StreamName) {
    guard let revision = loaded.revision, let id = loaded.lastID, loaded.isWhole else { return }
    let unsaved = loaded.saved.map { revision.number - min($0.number, revision.number) }
    guard (unsaved ?? revision.number + 1) >= UInt64(worthEvents) else { return }
    let key = key(of: stream)
    let (state, position, encode) = (loaded.state, loaded.position, encode)
    let isQueued = queue.save(key) {
      guard let bytes = try? encode(state) else { return nil }
      return Snapshot(
        key: key,
        revision: revision,
        position: position,
        eventID: id,
        state: bytes
      )
    }
    if isQueued { loaded.saved = revision }
  }

  private func key(of stream: StreamName) -> SnapshotKey {
    SnapshotKey(log: log(), stream: stream, shape: shape)
  }
}
