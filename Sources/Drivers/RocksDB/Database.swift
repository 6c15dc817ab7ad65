internal import CRocksDB
internal import Synchronization

/// A RocksDB database with its column families.
///
/// Every call may block on the disk: call from a `BlockingPool` or a thread of one's own.
/// - Errors: `RocksDBError`; after `close()` every call throws one with the code `.closed`.
public final class Database: Sendable {
  private let handles: Mutex<Handles?>
  /// The names of the families, in the order of their numbers.
  public let families: [String]

  /// A column family of one database: its place in `families`.
  public struct Family: Hashable, Sendable {
    let index: Int
  }

  private init(_ handles: Handles, families: [String]) {
    self.handles = Mutex(handles)
    self.families = families
  }

  /// Opens the database in the folder `path`, with exactly these families.
  ///
  /// - Throws: `.locked` if another process, or this one, has it open.
  public static func open(
    path: String,
    options: DatabaseOptions = DatabaseOptions(),
    families: [FamilyOptions] = [FamilyOptions("default")]
  ) throws(RocksDBError) -> Database {
    var families = families
    if !families.contains(where: { $0.name == "default" }) {
      families.append(FamilyOptions("default"))
    }
    let handles = try Handles(path: path, options: options, families: families)
    return Database(handles, families: families.map(\.name))
  }

  /// Opens some families of the database in the folder `path` to look at them only.
  ///
  /// What the write-ahead files hold is replayed in memory; no file is made, changed or removed,
  /// and no lock is taken, so the caller sees to it that nobody writes meanwhile.
  public static func openReadOnly(
    path: String,
    families: [FamilyOptions]
  ) throws(RocksDBError) -> Database {
    var options = DatabaseOptions()
    options.createsIfMissing = false
    var families = families
    if !families.contains(where: { $0.name == "default" }) {
      families.append(FamilyOptions("default"))
    }
    let handles = try Handles(path: path, options: options, families: families, isReadOnly: true)
    return Database(handles, families: families.map(\.name))
  }

  /// The family of this name; nil if it was not opened.
  public func family(_ name: String) -> Family? {
    families.firstIndex(of: name).map { Family(index: $0) }
  }

  /// Frees the database as soon as the last iterator and running call has ended.
  public func close() { handles.withLock { $0 = nil } }

  func open(_ attempt: StaticString) throws(RocksDBError) -> Handles {
    guard let handles = handles.withLock({ $0 }) else { throw .closed(attempt) }
    // A thread's own setting, and any thread may call.
    rocksdb_set_perf_level(Library.noCounters)
    return handles
  }
}

/// The C objects of an open database, freed in reverse order of creation.
///
/// `@unchecked Sendable`: RocksDB documents database, families and options as safe to use from
/// any thread while they are not changed, and nothing here changes after `init`.
final class Handles: @unchecked Sendable {
  let database: OpaquePointer
  let gate: CompactionGate
  private(set) var families: [OpaquePointer?]
  private let cache: OpaquePointer?
  /// Options of point reads and unbounded iterators.
  let reading = rocksdb_readoptions_create()
  let synced = rocksdb_writeoptions_create()
  let unsynced = rocksdb_writeoptions_create()

  init(
    path: String,
    options: DatabaseOptions,
    families: [FamilyOptions],
    isReadOnly: Bool = false
  ) throws(RocksDBError) {
    let cache = rocksdb_cache_create_lru(options.cacheBytes)
    let databaseOptions = options.make()
    let familyOptions = families.map { $0.make(cache: cache) }
    gate = CompactionGate(for: options.compactsAfter)
    for each in familyOptions where !isReadOnly { gate.hold(each) }
    defer {
      for each in familyOptions { rocksdb_options_destroy(each) }
      rocksdb_options_destroy(databaseOptions)
    }
    var opened: [OpaquePointer?] = Array(repeating: nil, count: families.count)
    let names = families.map { Array($0.name.utf8CString) }
    let database: OpaquePointer?
    do throws(RocksDBError) {
      database = try checking("open") { slot in
        Self.withPointers(names) { names in
          if isReadOnly {
            rocksdb_open_for_read_only_column_families(
              databaseOptions,
              path,
              Int32(families.count),
              names,
              familyOptions,
              &opened,
              0,  // write-ahead files may be there: they are replayed
              slot
            )
          } else {
            rocksdb_open_column_families(
              databaseOptions,
              path,
              Int32(families.count),
              names,
              familyOptions,
              &opened,
              slot
            )
          }
        }
      }
    } catch {
      rocksdb_cache_destroy(cache)
      rocksdb_readoptions_destroy(reading)
      rocksdb_writeoptions_destroy(synced)
      rocksdb_writeoptions_destroy(unsynced)
      throw error
    }
    guard let database else { throw RocksDBError("open", found: "no database") }
    self.database = database
    self.families = opened
    self.cache = cache
    rocksdb_writeoptions_set_sync(synced, 1)
    rocksdb_writeoptions_set_sync(unsynced, 0)
  }

  deinit {
    // Told to end before it goes on, or closing would wait for what it compacts.
    rocksdb_cancel_all_background_work(database, 0)
    gate.open()
    rocksdb_writeoptions_destroy(unsynced)
    rocksdb_writeoptions_destroy(synced)
    rocksdb_readoptions_destroy(reading)
    for family in families { rocksdb_column_family_handle_destroy(family) }
    rocksdb_close(database)
    rocksdb_cache_destroy(cache)
  }

  private static func withPointers<R>(
    _ names: [[CChar]],
    _ body: ([UnsafePointer<CChar>?]) -> R
  ) -> R {
    func lend(_ rest: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>?]) -> R {
      guard let first = rest.first else { return body(pointers) }
      return first.withUnsafeBufferPointer { lend(rest.dropFirst(), pointers + [$0.baseAddress]) }
    }
    return lend(names[...], [])
  }
}
