internal import CRocksDB

/// A walk over the keys of one family in byte order; owned by one thread, seen as of its making.
///
/// It pins files while it lives: make one per page and let it go. A loop ends with `check()`,
/// since "not valid" means the end or a failure.
public final class DatabaseIterator {
  private let handle: OpaquePointer?
  private let options: OpaquePointer?
  // The library keeps pointers to the bounds.
  private let bounds: UnsafeMutableRawBufferPointer
  // Last of the stored properties: freed after the iterator (see deinit).
  private let handles: Handles

  init(
    _ handles: Handles,
    _ family: Database.Family,
    lower: [UInt8]?,
    upper: [UInt8]?,
    isPrefix: Bool,
    readahead: Int,
    fillsCache: Bool,
    snapshot: OpaquePointer? = nil
  ) {
    self.handles = handles
    options = rocksdb_readoptions_create()
    // Only needed while the iterator is made: it then pins its own view.
    if let snapshot { rocksdb_readoptions_set_snapshot(options, snapshot) }
    let lowerCount = lower?.count ?? 0
    let upperCount = upper?.count ?? 0
    bounds = .allocate(byteCount: max(1, lowerCount + upperCount), alignment: 1)
    if let lower {
      bounds.copyBytes(from: lower)
      rocksdb_readoptions_set_iterate_lower_bound(
        options,
        bounds.baseAddress?.assumingMemoryBound(to: CChar.self),
        lowerCount
      )
    }
    if let upper {
      UnsafeMutableRawBufferPointer(rebasing: bounds[lowerCount...]).copyBytes(from: upper)
      rocksdb_readoptions_set_iterate_upper_bound(
        options,
        bounds.baseAddress?.advanced(by: lowerCount).assumingMemoryBound(to: CChar.self),
        upperCount
      )
    }
    if isPrefix {
      rocksdb_readoptions_set_prefix_same_as_start(options, 1)
    } else {
      rocksdb_readoptions_set_total_order_seek(options, 1)
    }
    if readahead > 0 { rocksdb_readoptions_set_readahead_size(options, readahead) }
    rocksdb_readoptions_set_fill_cache(options, fillsCache ? 1 : 0)
    handle = rocksdb_create_iterator_cf(
      handles.database,
      options,
      handles.families[family.index]
    )
  }

  deinit {
    rocksdb_iter_destroy(handle)
    rocksdb_readoptions_destroy(options)
    bounds.deallocate()
  }

  /// Whether the iterator stands on a key.
  public var isValid: Bool { rocksdb_iter_valid(handle) != 0 }

  /// Goes to the first key at or after `key`.
  public func seek(_ key: [UInt8]) { key.withUnsafeBytes { seek($0) } }

  /// Goes to the first key at or after `key`.
  public func seek(_ key: UnsafeRawBufferPointer) {
    rocksdb_iter_seek(handle, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count)
  }

  /// Goes to the last key at or before `key`.
  public func seekBackward(_ key: [UInt8]) {
    key.withUnsafeBytes { key in
      rocksdb_iter_seek_for_prev(
        handle,
        key.baseAddress?.assumingMemoryBound(to: CChar.self),
        key.count
      )
    }
  }

  /// Goes to the first key within the bounds.
  public func seekToFirst() { rocksdb_iter_seek_to_first(handle) }

  /// Goes to the last key within the bounds.
  public func seekToLast() { rocksdb_iter_seek_to_last(handle) }

  /// Goes to the next key.
  public func next() { rocksdb_iter_next(handle) }

  /// Goes to the key before.
  public func previous() { rocksdb_iter_prev(handle) }

  /// Lends the key in place; it is valid until the iterator moves.
  public func withKey<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    var count = 0
    let bytes = rocksdb_iter_key(handle, &count)
    return body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// Lends the value in place; it is valid until the iterator moves.
  public func withValue<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    var count = 0
    let bytes = rocksdb_iter_value(handle, &count)
    return body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// A copy of the key.
  public var key: [UInt8] { withKey { Array($0) } }

  /// A copy of the value.
  public var value: [UInt8] { withValue { Array($0) } }

  /// Throws if the walk ended by a failure.
  public func check() throws(RocksDBError) {
    try checking("iterate") { rocksdb_iter_get_error(handle, $0) }
  }
}

extension Database {
  /// Makes an iterator over keys from `lower` up to but not including `upper`.
  ///
  /// - isPrefix: whether the walk stays within the prefix of the key sought, so that the
  ///   filter may answer; forward only. Otherwise all keys are in reach.
  /// - readahead: bytes to read at once; 0 lets the library grow them.
  /// - fillsCache: false for a walk over much that is not read again soon.
  public func makeIterator(
    in family: Family,
    from lower: [UInt8]? = nil,
    to upper: [UInt8]? = nil,
    isPrefix: Bool = false,
    readahead: Int = 0,
    fillsCache: Bool = true
  ) throws(RocksDBError) -> DatabaseIterator {
    DatabaseIterator(
      try open("iterate"),
      family,
      lower: lower,
      upper: upper,
      isPrefix: isPrefix,
      readahead: readahead,
      fillsCache: fillsCache
    )
  }
}
