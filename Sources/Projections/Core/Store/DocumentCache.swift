internal import Synchronization

/// Decoded documents that were read lately, so that a hot one costs no thread and no decoding.
///
/// A document enters only if no commit touched its shard since before it was read, and leaves with
/// the commit that changes it: what is found here is what a read of the store would have found a
/// moment ago. Lanes tell their applied position after the commit returned, so a reader who looks at
/// the position first and here second never sees older state than the position promises.
final class DocumentCache: Sendable {
  /// Shards, so that readers on several threads rarely meet.
  private static let shardCount = 16
  /// Encoded bytes that all shards hold at most; decoded documents take about twice that.
  static let bytes = 8 << 20
  /// A document larger than this is not kept: one shard must hold many.
  static let documentBytes = 128 << 10

  private struct Entry {
    let document: any Sendable
    let bytes: Int
  }

  /// Two ages: what is not asked for while the young fill up goes.
  private struct Shard {
    var young: [[UInt8]: Entry] = [:]
    var old: [[UInt8]: Entry] = [:]
    var youngBytes = 0
    var commits: UInt64 = 0

    mutating func insert(_ key: [UInt8], _ entry: Entry) {
      young[key] = entry
      youngBytes += entry.bytes
      guard youngBytes > DocumentCache.bytes / DocumentCache.shardCount / 2 else { return }
      old = young
      young = [:]
      youngBytes = 0
    }
  }

  /// What a reader holds between looking here and offering what the store had.
  struct Ticket: Sendable {
    fileprivate let commits: UInt64
  }

  private let shards: [ShardBox] = (0..<shardCount).map { _ in ShardBox() }

  private final class ShardBox: Sendable {
    let state = Mutex(Shard())
  }

  /// The document at a row's key, or a ticket with which it may be offered after reading it.
  func look(_ key: [UInt8]) -> (document: (any Sendable)?, ticket: Ticket) {
    shard(of: key).state.withLock { shard in
      if let entry = shard.young[key] { return (entry.document, Ticket(commits: shard.commits)) }
      if let entry = shard.old.removeValue(forKey: key) {
        shard.insert(key, entry)
        return (entry.document, Ticket(commits: shard.commits))
      }
      return (nil, Ticket(commits: shard.commits))
    }
  }

  /// Keeps a document that was read after `ticket` was given, unless a commit came between.
  func offer(_ document: any Sendable, bytes: Int, at key: [UInt8], _ ticket: Ticket) {
    guard bytes <= Self.documentBytes else { return }
    shard(of: key).state.withLock { shard in
      guard shard.commits == ticket.commits else { return }
      shard.insert(key, Entry(document: document, bytes: bytes + key.count))
    }
  }

  /// Forgets what a committed batch changed.
  func forget(_ batch: ReadModelBatch) {
    var isWide = false
    batch.forEach { kind, key, _ in
      if kind == .deleteRange { isWide = true }
      guard kind == .put || kind == .delete, RowKeys.isDocument(key) else { return }
      let key = Array(key)
      shard(of: key).state.withLock { shard in
        shard.commits += 1
        if let entry = shard.young.removeValue(forKey: key) { shard.youngBytes -= entry.bytes }
        shard.old[key] = nil
      }
    }
    if isWide { forgetAll() }
  }

  private func forgetAll() {
    for shard in shards {
      shard.state.withLock { shard in
        let commits = shard.commits + 1
        shard = Shard()
        shard.commits = commits
      }
    }
  }

  private func shard(of key: [UInt8]) -> ShardBox {
    shards[Int(UInt(bitPattern: key.hashValue) % UInt(Self.shardCount))]
  }
}

/// An engine whose commits tell the cache what changed.
struct CachedEngine: ReadModelEngine {
  let base: any ReadModelEngine
  let cache: DocumentCache

  func get(_ key: [UInt8]) throws(ReadModelError) -> [UInt8]? { try base.get(key) }
  func get(_ keys: [[UInt8]]) throws(ReadModelError) -> [[UInt8]?] { try base.get(keys) }
  func scan(
    _ range: RowRange,
    isBackward: Bool,
    limit: Int
  ) throws(ReadModelError) -> [ReadModelRow] {
    try base.scan(range, isBackward: isBackward, limit: limit)
  }
  func snapshot() throws(ReadModelError) -> any ReadModelSource { try base.snapshot() }
  func commit(_ batch: ReadModelBatch, isSynced: Bool) throws(ReadModelError) {
    // A commit whose outcome is an error may have been written all the same.
    defer { cache.forget(batch) }
    try base.commit(batch, isSynced: isSynced)
  }
  func sync() throws(ReadModelError) { try base.sync() }
  func size(of range: RowRange) throws(ReadModelError) -> UInt64 { try base.size(of: range) }
  func close() { base.close() }
}
