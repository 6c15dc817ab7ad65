public import EventLogCore
internal import Synchronization

/// Snapshots on their way to a store that may be slow: nobody waits for them.
///
/// - Shape: the newest of each key; when the queue is full, what comes is dropped, since a snapshot
///   that was not saved costs time and nothing else.
/// - Units: `limit` counts keys that wait; states are written down by `run()`, so that no command
///   pays for that.
public final class SnapshotQueue: Sendable {
  private struct Work: Sendable {
    // What is useless may claim to be the newest: it goes before anything is saved in its place.
    var forgets = false
    var make: (@Sendable () -> Snapshot?)?
  }

  private struct State {
    var work: [SnapshotKey: Work] = [:]
    // Keys in the order in which they came; one that waits is in it once.
    var order: [SnapshotKey] = []
  }

  /// Keys that wait at most: a second's work, and some megabytes of states that are shared with the
  /// process's own cache.
  public static let limit = 256
  /// Events that make a snapshot worth its while.
  ///
  /// A shorter stream is read whole by one call to the log, which is as quick as asking for a
  /// snapshot.
  public static let worthEvents = 32
  /// Snapshots saved together.
  private static let batch = 32

  private let state = Mutex(State())
  private let wake = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  /// Where the snapshots go.
  public let store: any SnapshotStore

  /// Makes a queue, which saves nothing until `run()`.
  public init(_ store: any SnapshotStore) { self.store = store }

  /// How many keys wait.
  public var count: Int { state.withLock { $0.work.count } }

  /// Queues a snapshot, which is made when its turn has come; false if the queue is full.
  @discardableResult
  public func save(_ key: SnapshotKey, _ make: @escaping @Sendable () -> Snapshot?) -> Bool {
    add(key) { $0.make = make }
  }

  /// Queues the forgetting of a key.
  public func forget(_ key: SnapshotKey) {
    _ = add(key) { work in
      work.forgets = true
      work.make = nil
    }
  }

  private func add(_ key: SnapshotKey, _ change: (inout Work) -> Void) -> Bool {
    let isAdded = state.withLock { state in
      if state.work[key] == nil {
        guard state.order.count < Self.limit else { return false }
        state.order.append(key)
      }
      change(&state.work[key, default: Work()])
      return true
    }
    if isAdded { wake.continuation.yield() }
    return isAdded
  }

  /// Saves what comes until the task is cancelled.
  public func run() async {
    for await _ in wake.stream {
      while !Task.isCancelled {
        let batch = take()
        guard !batch.isEmpty else { break }
        var snapshots: [Snapshot] = []
        var useless: [SnapshotKey] = []
        for (key, work) in batch {
          if work.forgets { useless.append(key) }
          if let snapshot = work.make?() { snapshots.append(snapshot) }
        }
        if !useless.isEmpty { await store.forget(useless) }
        if !snapshots.isEmpty { await store.save(snapshots) }
      }
    }
  }

  private func take() -> [(SnapshotKey, Work)] {
    state.withLock { state in
      let keys = state.order.prefix(Self.batch)
      state.order.removeFirst(keys.count)
      return keys.compactMap { key in state.work.removeValue(forKey: key).map { (key, $0) } }
    }
  }
}
