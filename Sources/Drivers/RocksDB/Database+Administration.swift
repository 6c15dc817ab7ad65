internal import CRocksDB

extension Database {
  /// Makes a copy of hard links in the folder `path`, which must not exist, on the same file
  /// system.
  public func checkpoint(to path: String) throws(RocksDBError) {
    let handles = try open("checkpoint")
    let checkpoint = try checking("checkpoint") { slot in
      rocksdb_checkpoint_object_create(handles.database, slot)
    }
    defer { rocksdb_checkpoint_object_destroy(checkpoint) }
    try checking("checkpoint") { slot in
      rocksdb_checkpoint_create(checkpoint, path, 0, slot)
    }
  }

  /// A property of the library that is a number, `rocksdb.estimate-num-keys` for example; nil if
  /// there is none of this name.
  public func property(_ name: String, of family: Family) throws(RocksDBError) -> UInt64? {
    let handles = try open("property")
    let family = handles.families[family.index]
    var value: UInt64 = 0
    if rocksdb_property_int_cf(handles.database, family, name, &value) == 0 { return value }
    // Some numbers come as texts alone.
    guard let text = rocksdb_property_value_cf(handles.database, family, name) else { return nil }
    defer { rocksdb_free(text) }
    return UInt64(String(cString: text))
  }

  /// About how many bytes on disk the keys from `begin` up to `end` take.
  public func approximateSize(
    from begin: [UInt8],
    to end: [UInt8],
    in family: Family
  ) throws(RocksDBError) -> UInt64 {
    let handles = try open("size")
    var size: UInt64 = 0
    try checking("size") { slot in
      begin.withUnsafeBytes { begin in
        end.withUnsafeBytes { end in
          let begins = [begin.baseAddress?.assumingMemoryBound(to: CChar.self)]
          let ends = [end.baseAddress?.assumingMemoryBound(to: CChar.self)]
          rocksdb_approximate_sizes_cf(
            handles.database,
            handles.families[family.index],
            1,
            begins,
            [begin.count],
            ends,
            [end.count],
            &size,
            slot
          )
        }
      }
    }
    return size
  }

  /// Writes the memtable of `family` out and waits for it.
  public func flush(_ family: Family) throws(RocksDBError) {
    let handles = try open("flush")
    let options = rocksdb_flushoptions_create()
    defer { rocksdb_flushoptions_destroy(options) }
    rocksdb_flushoptions_set_wait(options, 1)
    try checking("flush") { slot in
      rocksdb_flush_cf(handles.database, options, handles.families[family.index], slot)
    }
  }

  /// Compacts all keys of `family`.
  ///
  /// - Throws: also for an error of any other background work meanwhile: the library does not say whose
  ///   it was.
  public func compact(_ family: Family) throws(RocksDBError) {
    let handles = try open("compact")
    handles.gate.open()
    let before = Self.backgroundErrors(handles)
    rocksdb_compact_range_cf(
      handles.database,
      handles.families[family.index],
      nil,
      0,
      nil,
      0
    )
    // The call above answers nothing, however it ended.
    guard Self.backgroundErrors(handles) != before else { return }
    // Behind an error that keeps it from writing, the library says here what it was.
    try flush(family)
    throw RocksDBError("compact", found: "it failed; the file LOG of the database says why")
  }

  /// How often flushes and compactions failed since the opening; of all families, told by the default
  /// one alone.
  private static func backgroundErrors(_ handles: Handles) -> UInt64 {
    var count: UInt64 = 0
    rocksdb_property_int(handles.database, "rocksdb.background-errors", &count)
    return count
  }

  /// Syncs the write-ahead file, for writes that were made without.
  public func syncLog() throws(RocksDBError) {
    let handles = try open("sync")
    try checking("sync") { slot in rocksdb_flush_wal(handles.database, 1, slot) }
  }
}
