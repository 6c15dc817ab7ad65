import CRawRocksDB
import Synchronization

/// RocksDB through its C API, as bare as it goes: one family, keys of eight bytes big-endian.
///
/// `@unchecked Sendable`: the database handle is thread-safe by RocksDB's contract; everything
/// else is made and destroyed within one call.
final class RawRocksDB: @unchecked Sendable {
  struct Failure: Error, CustomStringConvertible { let description: String }

  private let database: OpaquePointer
  private let options: OpaquePointer
  private let isOpen = Mutex(true)

  /// Opens with the sizes that the event log's engine uses, so that the ratio speaks of the code.
  init(path: String) throws {
    guard let options = rocksdb_options_create() else { throw Failure(description: "no options") }
    rocksdb_options_set_create_if_missing(options, 1)
    rocksdb_options_set_write_buffer_size(options, 16 << 20)
    rocksdb_options_set_max_write_buffer_number(options, 3)
    rocksdb_options_set_compression(options, 4)  // LZ4
    rocksdb_options_set_max_background_jobs(options, 2)
    rocksdb_options_set_bytes_per_sync(options, 1 << 20)
    let table = rocksdb_block_based_options_create()
    rocksdb_block_based_options_set_block_size(table, 16 << 10)
    let cache = rocksdb_cache_create_lru(32 << 20)
    rocksdb_block_based_options_set_block_cache(table, cache)
    rocksdb_options_set_block_based_table_factory(options, table)
    rocksdb_block_based_options_destroy(table)
    rocksdb_cache_destroy(cache)
    self.options = options
    var error: UnsafeMutablePointer<CChar>?
    let database = rocksdb_open(options, path, &error)
    try Self.check(&error)
    guard let database else { throw Failure(description: "no database at \(path)") }
    self.database = database
  }

  deinit {
    close()
    rocksdb_options_destroy(options)
  }

  func close() {
    isOpen.withLock { isOpen in
      if isOpen { rocksdb_close(database) }
      isOpen = false
    }
  }

  /// Writes rows as one batch.
  func write(_ rows: [(key: UInt64, value: [UInt8])], synced: Bool) throws {
    let batch = rocksdb_writebatch_create()
    defer { rocksdb_writebatch_destroy(batch) }
    for (key, value) in rows {
      withUnsafeBytes(of: key.bigEndian) { key in
        value.withUnsafeBytes { value in
          rocksdb_writebatch_put(
            batch,
            key.bindMemory(to: CChar.self).baseAddress,
            key.count,
            value.bindMemory(to: CChar.self).baseAddress,
            value.count
          )
        }
      }
    }
    let options = rocksdb_writeoptions_create()
    defer { rocksdb_writeoptions_destroy(options) }
    rocksdb_writeoptions_set_sync(options, synced ? 1 : 0)
    var error: UnsafeMutablePointer<CChar>?
    rocksdb_write(database, options, batch, &error)
    try Self.check(&error)
  }

  /// Writes out what is in memory, as the log's own bytes have been.
  func flush() throws {
    let options = rocksdb_flushoptions_create()
    defer { rocksdb_flushoptions_destroy(options) }
    var error: UnsafeMutablePointer<CChar>?
    rocksdb_flush(database, options, &error)
    try Self.check(&error)
  }

  /// Walks all rows and copies each value, as a reader must who keeps what it read.
  func scan() throws -> (rows: Int, bytes: Int) {
    let options = rocksdb_readoptions_create()
    defer { rocksdb_readoptions_destroy(options) }
    let iterator = rocksdb_create_iterator(database, options)
    defer { rocksdb_iter_destroy(iterator) }
    rocksdb_iter_seek_to_first(iterator)
    var (rows, bytes) = (0, 0)
    while rocksdb_iter_valid(iterator) != 0 {
      var count = 0
      let value = rocksdb_iter_value(iterator, &count)
      let copy = [UInt8](UnsafeRawBufferPointer(start: value, count: count))
      rows += 1
      bytes += copy.count
      rocksdb_iter_next(iterator)
    }
    var error: UnsafeMutablePointer<CChar>?
    rocksdb_iter_get_error(iterator, &error)
    try Self.check(&error)
    return (rows, bytes)
  }

  private static func check(_ error: inout UnsafeMutablePointer<CChar>?) throws {
    guard let text = error else { return }
    defer { rocksdb_free(text) }
    throw Failure(description: String(cString: text))
  }
}
