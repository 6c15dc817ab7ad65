internal import CRocksDB

/// A database at one moment; later writes do not change what it answers.
///
/// It keeps old versions of keys from being dropped: hold it for a read, not for a lifetime.
///
/// `@unchecked Sendable`: RocksDB documents snapshots and read options as safe to use from any
/// thread while they are not changed, and nothing here changes after `init`.
public final class DatabaseSnapshot: @unchecked Sendable {
  private let handles: Handles
  private let snapshot: OpaquePointer?
  private let options: OpaquePointer?

  init(_ handles: Handles) {
    self.handles = handles
    snapshot = rocksdb_create_snapshot(handles.database)
    options = rocksdb_readoptions_create()
    rocksdb_readoptions_set_snapshot(options, snapshot)
  }

  deinit {
    rocksdb_readoptions_destroy(options)
    rocksdb_release_snapshot(handles.database, snapshot)
  }

  /// A copy of the value of `key`; nil if there is none.
  public func value(
    of key: [UInt8],
    in family: Database.Family
  ) throws(RocksDBError) -> [UInt8]? {
    let slice = try checking("get") { slot in
      key.withUnsafeBytes { key in
        rocksdb_get_pinned_cf(
          handles.database,
          options,
          handles.families[family.index],
          key.baseAddress?.assumingMemoryBound(to: CChar.self),
          key.count,
          slot
        )
      }
    }
    guard let slice else { return nil }
    defer { rocksdb_pinnableslice_destroy(slice) }
    var count = 0
    let bytes = rocksdb_pinnableslice_value(slice, &count)
    return Array(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// Makes an iterator over keys from `lower` up to but not including `upper`.
  ///
  /// - fillsCache: false for a walk over much that is not read again soon.
  public func makeIterator(
    in family: Database.Family,
    from lower: [UInt8]? = nil,
    to upper: [UInt8]? = nil,
    fillsCache: Bool = true
  ) -> DatabaseIterator {
    DatabaseIterator(
      handles,
      family,
      lower: lower,
      upper: upper,
      isPrefix: false,
      readahead: 0,
      fillsCache: fillsCache,
      snapshot: snapshot
    )
  }
}

extension Database {
  /// Everything as it is now.
  public func snapshot() throws(RocksDBError) -> DatabaseSnapshot {
    DatabaseSnapshot(try open("snapshot"))
  }
}
