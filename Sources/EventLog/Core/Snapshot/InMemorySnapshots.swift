internal import DequeModule
internal import Synchronization

/// Snapshots in memory, the least recently used leaving first.
///
/// - Units: `bytes` counts states and names; `count` counts snapshots.
public final class InMemorySnapshots: SnapshotStore {
  private struct Entry: Sendable {
    let snapshot: Snapshot
    var use: UInt64
  }

  private struct Shelf: Sendable {
    var entries: [SnapshotKey: Entry] = [:]
    var bytes = 0
    // Every use in order; one that is not its entry's last is passed over. Compacted before it
    // grows past twice the entries.
    var uses: Deque<(key: SnapshotKey, use: UInt64)> = []
    var clock: UInt64 = 0
  }

  private let shelf = Mutex(Shelf())
  private let maximumCount: Int
  private let maximumBytes: Int

  /// Snapshots kept unless told otherwise: what a busy node touches between two restarts.
  public static let defaultCount = 10_000
  /// Bytes kept unless told otherwise: small beside the block cache of an engine.
  public static let defaultBytes = 32 << 20
  /// What one entry costs beside its bytes, roughly.
  private static let entryBytes = 128
  /// Below this the list of uses is not worth compacting.
  private static let smallestCompaction = 64

  /// Makes an empty store.
  public init(count: Int = defaultCount, bytes: Int = defaultBytes) {
    maximumCount = count
    maximumBytes = bytes
  }

  /// How many snapshots are kept.
  public var count: Int { shelf.withLock { $0.entries.count } }

  /// The newest snapshot of a key; nil if none is kept.
  public func snapshot(for key: SnapshotKey) async -> Snapshot? {
    shelf.withLock { shelf in
      guard let snapshot = shelf.entries[key]?.snapshot else { return nil }
      Self.touch(key, in: &shelf)
      return snapshot
    }
  }

  /// Keeps snapshots, each unless a newer one of the same key is kept.
  public func save(_ snapshots: [Snapshot]) async {
    shelf.withLock { shelf in
      for snapshot in snapshots { save(snapshot, in: &shelf) }
    }
  }

  private func save(_ snapshot: Snapshot, in shelf: inout Shelf) {
    let size = Self.size(of: snapshot)
    guard size <= maximumBytes, maximumCount > 0 else { return }
    if let old = shelf.entries[snapshot.key] {
      guard old.snapshot.revision <= snapshot.revision else { return }
      shelf.bytes -= Self.size(of: old.snapshot)
    }
    shelf.entries[snapshot.key] = Entry(snapshot: snapshot, use: 0)
    shelf.bytes += size
    Self.touch(snapshot.key, in: &shelf)
    while shelf.bytes > maximumBytes || shelf.entries.count > maximumCount,
      let (key, use) = shelf.uses.popFirst()
    {
      guard let entry = shelf.entries[key], entry.use == use else { continue }
      shelf.entries[key] = nil
      shelf.bytes -= Self.size(of: entry.snapshot)
    }
  }

  /// Forgets the snapshots of some keys.
  public func forget(_ keys: [SnapshotKey]) async {
    shelf.withLock { shelf in
      for key in keys {
        guard let entry = shelf.entries.removeValue(forKey: key) else { continue }
        shelf.bytes -= Self.size(of: entry.snapshot)
      }
    }
  }

  private static func touch(_ key: SnapshotKey, in shelf: inout Shelf) {
    shelf.clock += 1
    shelf.entries[key]?.use = shelf.clock
    shelf.uses.append((key, shelf.clock))
    guard shelf.uses.count > max(2 * shelf.entries.count, smallestCompaction) else { return }
    let entries = shelf.entries
    shelf.uses.removeAll { entries[$0.key]?.use != $0.use }
  }

  private static func size(of snapshot: Snapshot) -> Int {
    snapshot.state.count + snapshot.key.stream.text.utf8.count + entryBytes
  }
}
