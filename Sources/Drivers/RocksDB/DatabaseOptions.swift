internal import CRocksDB

/// How a database is opened; every number has a default that keeps an idle process small.
public struct DatabaseOptions: Sendable {
  /// Makes what is missing, or refuses to open it.
  public var createsIfMissing = true
  /// Bytes of all memtables together; beyond them the fullest is written out.
  public var memtableBytes = 16 << 20
  /// Bytes of the cache of blocks, shared by all families.
  public var cacheBytes = 16 << 20
  /// Bytes of all write-ahead files; bounds the time of recovery.
  public var walBytes: UInt64 = 64 << 20
  /// Files kept open; bounds descriptors and the memory of their indexes.
  public var openFiles = 512
  /// Threads for flushing and compaction.
  public var backgroundThreads = 2
  /// How long after an opening compaction waits (see `CompactionGate`): several starts, and too
  /// short for writers to notice.
  public var compactsAfter = Duration.seconds(3)

  /// The defaults.
  public init() {}
}

/// A column family as it is opened.
public struct FamilyOptions: Sendable {
  /// Its name; every database has one that is named `default`.
  public var name: String
  /// Bytes of one memtable; its filter is as large as a full one needs.
  public var writeBufferBytes = 16 << 20
  /// Bytes of a block before compression.
  public var blockBytes = 16 << 10
  /// Bits per key of a Bloom filter; 0 leaves it out.
  public var filterBits: Double = 10
  /// Keys share prefixes of this many bytes, which the filter then knows; 0 for whole keys.
  public var prefixBytes = 0
  /// A batch brings its keys in order: where the last was put is remembered for each prefix of this
  /// many bytes, and the next finds its place from there; 0 for keys that come as they like.
  public var hintBytes = 0
  /// Values from this size go to blob files, so that compaction does not move them; nil for none.
  public var blobBytes: UInt64?
  /// Whether blocks are compressed by LZ4.
  public var isCompressed = true
  /// Whether `WriteBatch.add` may be used: values are 64-bit counters, little-endian.
  public var addsCounters = false

  /// The defaults, under a name.
  public init(_ name: String) { self.name = name }
}

/// Names of the library's values, which its C header leaves as numbers.
enum Library {
  static let noCompression: Int32 = 0
  static let lz4: Int32 = 4
  /// Recovery stops at the first damaged write-ahead record.
  static let pointInTimeRecovery: Int32 = 2
  static let warnings: Int32 = 2
  /// Counters of each thread that nobody reads cost a fifth of every insert and look-up.
  static let noCounters: Int32 = 1
}

extension DatabaseOptions {
  func make() -> OpaquePointer? {
    let options = rocksdb_options_create()
    rocksdb_options_set_create_if_missing(options, createsIfMissing ? 1 : 0)
    rocksdb_options_set_create_missing_column_families(options, 1)
    rocksdb_options_set_paranoid_checks(options, 1)
    rocksdb_options_set_db_write_buffer_size(options, memtableBytes)
    rocksdb_options_set_max_total_wal_size(options, walBytes)
    rocksdb_options_set_wal_recovery_mode(options, Library.pointInTimeRecovery)
    rocksdb_options_set_max_open_files(options, Int32(openFiles))
    rocksdb_options_set_max_background_jobs(options, Int32(backgroundThreads))
    rocksdb_options_set_keep_log_file_num(options, 3)
    rocksdb_options_set_max_log_file_size(options, 4 << 20)
    rocksdb_options_set_info_log_level(options, Library.warnings)
    rocksdb_options_set_stats_dump_period_sec(options, 0)
    rocksdb_options_set_bytes_per_sync(options, 1 << 20)
    rocksdb_options_set_manifest_preallocation_size(options, 64 << 10)
    // Statistics of all files, which would open each of them: an opening would take as long as there
    // are files, for a guess at where deleted rows lie.
    rocksdb_options_set_skip_stats_update_on_db_open(options, 1)
    return options
  }
}

extension FamilyOptions {
  /// The same options with what the C interface has no call for.
  private func hinted(_ options: OpaquePointer?) -> OpaquePointer? {
    guard hintBytes > 0 else { return options }
    let hinted = rocksdb_options_create()
    let setting =
      "memtable_insert_with_hint_prefix_extractor=rocksdb.FixedPrefix.\(hintBytes)"
    var error: UnsafeMutablePointer<CChar>?
    rocksdb_get_options_from_string(options, setting, hinted, &error)
    guard let error else {
      rocksdb_options_destroy(options)
      return hinted
    }
    // A library that does not know it works as well, only slower.
    rocksdb_free(error)
    rocksdb_options_destroy(hinted)
    return options
  }

  /// The part of a memtable that its filter takes: 10 bits a key for keys of about 24 bytes.
  private static let memtableFilterShare = 0.05

  /// Bytes by which a memtable grows.
  ///
  /// The library's own choice of 1 MiB counts against the bytes of all memtables before a row is in
  /// it: eight families would be written out almost empty.
  private static let memtableStep = 64 << 10

  /// Memtables in the first level behind what was just written out.
  private static let levelMemtables = 8
  /// Memtables in a file of a level.
  private static let fileMemtables = 4
  /// Below this a file of a level is not worth its place; room is set aside for a whole one.
  private static let leastFileBytes = 16 << 20
  /// Files just written out from which on writers are slowed down, and stopped: with small ones a
  /// burst of some seconds, which a merge takes in at once.
  private static let slowdownFiles: Int32 = 64
  private static let stopFiles: Int32 = 96

  func make(cache: OpaquePointer?) -> OpaquePointer? {
    let options = rocksdb_options_create()
    rocksdb_options_set_write_buffer_size(options, writeBufferBytes)
    rocksdb_options_set_arena_block_size(options, Self.memtableStep)
    rocksdb_options_set_max_write_buffer_number(options, 3)
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
    // The library's sizes are those of memtables of 64 MiB: what is written out of smaller ones
    // would be merged with a level many times its size, and writers would wait for that.
    rocksdb_options_set_max_bytes_for_level_base(
      options,
      UInt64(max(writeBufferBytes * Self.levelMemtables, Self.leastFileBytes))
    )
    rocksdb_options_set_target_file_size_base(
      options,
      UInt64(max(writeBufferBytes * Self.fileMemtables, Self.leastFileBytes))
    )
    rocksdb_options_set_level0_slowdown_writes_trigger(options, Self.slowdownFiles)
    rocksdb_options_set_level0_stop_writes_trigger(options, Self.stopFiles)
    rocksdb_options_set_compression(
      options,
      isCompressed ? Library.lz4 : Library.noCompression
    )
    if addsCounters { rocksdb_options_set_uint64add_merge_operator(options) }
    if prefixBytes > 0 {
      rocksdb_options_set_prefix_extractor(
        options,
        rocksdb_slicetransform_create_fixed_prefix(prefixBytes)
      )
    }
    if prefixBytes > 0 || filterBits > 0 {
      // Tells "no such key" or "no such prefix" without a walk of the memtable.
      rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, Self.memtableFilterShare)
      rocksdb_options_set_memtable_whole_key_filtering(options, prefixBytes > 0 ? 0 : 1)
    }
    if let blobBytes {
      rocksdb_options_set_enable_blob_files(options, 1)
      rocksdb_options_set_min_blob_size(options, blobBytes)
      rocksdb_options_set_enable_blob_gc(options, 1)
      rocksdb_options_set_blob_compression_type(
        options,
        isCompressed ? Library.lz4 : Library.noCompression
      )
    }
    let table = rocksdb_block_based_options_create()
    rocksdb_block_based_options_set_block_size(table, blockBytes)
    rocksdb_block_based_options_set_block_cache(table, cache)
    rocksdb_block_based_options_set_format_version(table, 5)
    // Indexes and filters count against the cache, so that many files do not grow the process.
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1)
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1)
    // They come in parts of a few KiB: whole ones outgrow a small cache, and every look-up would
    // then read them from the file again.
    rocksdb_block_based_options_set_index_type(
      table,
      Int32(rocksdb_block_based_table_index_type_two_level_index_search)
    )
    rocksdb_block_based_options_set_partition_filters(table, 1)
    rocksdb_block_based_options_set_pin_top_level_index_and_filter(table, 1)
    if filterBits > 0 {
      rocksdb_block_based_options_set_filter_policy(
        table,
        rocksdb_filterpolicy_create_bloom_full(filterBits)
      )
      rocksdb_block_based_options_set_whole_key_filtering(table, prefixBytes > 0 ? 0 : 1)
    }
    rocksdb_options_set_block_based_table_factory(options, table)
    rocksdb_block_based_options_destroy(table)
    return hinted(options)
  }
}
