internal import CRocksDB

/// Changes that are written together or not at all; owned by one thread.
public final class WriteBatch {
  let handle: OpaquePointer?
  // Keeps the families alive while the batch names them.
  private let handles: Handles

  init(_ handles: Handles) {
    handle = rocksdb_writebatch_create()
    self.handles = handles
  }

  deinit { rocksdb_writebatch_destroy(handle) }

  /// How many changes it holds.
  public var count: Int { Int(rocksdb_writebatch_count(handle)) }

  /// Sets `key` to `value`.
  public func put(
    _ key: UnsafeRawBufferPointer,
    _ value: UnsafeRawBufferPointer,
    in family: Database.Family
  ) {
    rocksdb_writebatch_put_cf(
      handle,
      handles.families[family.index],
      chars(key),
      key.count,
      chars(value),
      value.count
    )
  }

  /// Sets `key` to `value`.
  public func put(_ key: [UInt8], _ value: [UInt8], in family: Database.Family) {
    key.withUnsafeBytes { key in value.withUnsafeBytes { put(key, $0, in: family) } }
  }

  /// Removes `key`.
  public func delete(_ key: UnsafeRawBufferPointer, in family: Database.Family) {
    rocksdb_writebatch_delete_cf(handle, handles.families[family.index], chars(key), key.count)
  }

  /// Removes `key`.
  public func delete(_ key: [UInt8], in family: Database.Family) {
    key.withUnsafeBytes { delete($0, in: family) }
  }

  /// Removes every key from `begin` up to but not including `end`.
  public func deleteRange(_ begin: [UInt8], _ end: [UInt8], in family: Database.Family) {
    begin.withUnsafeBytes { begin in
      end.withUnsafeBytes { end in
        rocksdb_writebatch_delete_range_cf(
          handle,
          handles.families[family.index],
          chars(begin),
          begin.count,
          chars(end),
          end.count
        )
      }
    }
  }

  /// Adds to the counter at `key`, which wraps; the family must have been opened with
  /// `addsCounters`.
  ///
  /// A negative `amount` is added in two's complement.
  public func add(_ amount: Int64, to key: [UInt8], in family: Database.Family) {
    withUnsafeBytes(of: amount.littleEndian) { value in
      key.withUnsafeBytes { key in
        rocksdb_writebatch_merge_cf(
          handle,
          handles.families[family.index],
          chars(key),
          key.count,
          chars(value),
          value.count
        )
      }
    }
  }

  /// Forgets everything, to be filled anew.
  public func clear() { rocksdb_writebatch_clear(handle) }

  private func chars(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
    bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
  }
}

extension Database {
  /// Makes an empty batch.
  public func makeBatch() throws(RocksDBError) -> WriteBatch { WriteBatch(try open("batch")) }

  /// Writes a batch.
  ///
  /// - synced: whether the write-ahead file is synced before this returns; without it
  ///   a power loss may take the write, a killed process does not.
  public func write(_ batch: WriteBatch, synced: Bool) throws(RocksDBError) {
    let handles = try open("write")
    try checking("write") { slot in
      rocksdb_write(
        handles.database,
        synced ? handles.synced : handles.unsynced,
        batch.handle,
        slot
      )
    }
  }
}
