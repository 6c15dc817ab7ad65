public import ProjectionsCore
internal import RocksDBDriver

/// A read-model store in a RocksDB database of its own.
///
/// One column family holds every row; counters use the library's 64-bit merge, so that adding
/// reads nothing. The cache and the memtables are small: a service keeps what it reads often, the
/// page cache of the system keeps the rest, and several stores fit into one idle process.
public final class RocksDBReadModelEngine: ReadModelEngine {
  /// Bytes of the cache of blocks.
  private static let cacheBytes = 8 << 20
  /// Bytes of one memtable, and of all of them: one is filled while another is written out.
  ///
  /// Every service has such a store, and all of them fill up under a load of new documents.
  private static let writeBufferBytes = 8 << 20
  private static let memtableBytes = 16 << 20
  /// Bytes of write-ahead files: what a killed process reads again at its start.
  private static let walBytes: UInt64 = 64 << 20
  private static let openFiles = 128

  private let database: Database
  private let family: Database.Family

  /// Opens or makes the store in the folder `path`.
  ///
  /// - Throws: `.locked` if it is open elsewhere, `.unavailable` if it cannot be opened.
  public init(path: String) throws(ReadModelError) {
    var options = DatabaseOptions()
    options.cacheBytes = Self.cacheBytes
    options.memtableBytes = Self.memtableBytes
    options.walBytes = Self.walBytes
    options.openFiles = Self.openFiles
    var rows = FamilyOptions("default")
    rows.writeBufferBytes = Self.writeBufferBytes
    rows.addsCounters = true
    do throws(RocksDBError) {
      database = try Database.open(path: path, options: options, families: [rows])
    } catch {
      throw error.code == .locked ? .locked(path) : Self.translate(error)
    }
    guard let family = database.family(rows.name) else {
      throw .unavailable("family '\(rows.name)' was not opened")
    }
    self.family = family
  }

  /// The value of a key.
  public func get(_ key: [UInt8]) throws(ReadModelError) -> [UInt8]? {
    do throws(RocksDBError) {
      return try database.value(of: key, in: family)
    } catch {
      throw Self.translate(error)
    }
  }

  /// The values of several keys.
  public func get(_ keys: [[UInt8]]) throws(ReadModelError) -> [[UInt8]?] {
    var values: [[UInt8]?] = []
    values.reserveCapacity(keys.count)
    for key in keys { values.append(try get(key)) }
    return values
  }

  /// Rows of a range.
  public func scan(
    _ range: RowRange,
    isBackward: Bool,
    limit: Int
  ) throws(ReadModelError) -> [ReadModelRow] {
    do throws(RocksDBError) {
      let iterator = try database.makeIterator(in: family, from: range.from, to: range.to)
      return try Self.rows(iterator, isBackward: isBackward, limit: limit)
    } catch {
      throw Self.translate(error)
    }
  }

  /// Everything as it is now.
  public func snapshot() throws(ReadModelError) -> any ReadModelSource {
    do throws(RocksDBError) {
      return Snapshot(snapshot: try database.snapshot(), family: family)
    } catch {
      throw Self.translate(error)
    }
  }

  /// Writes a batch.
  public func commit(_ batch: ReadModelBatch, isSynced: Bool) throws(ReadModelError) {
    do throws(RocksDBError) {
      let writes = try database.makeBatch()
      batch.forEach { kind, key, value in
        switch kind {
        case .put: writes.put(key, value, in: family)
        case .delete: writes.delete(key, in: family)
        case .add:
          let delta = value.loadUnaligned(as: Int64.self)
          writes.add(Int64(littleEndian: delta), to: Array(key), in: family)
        case .deleteRange: writes.deleteRange(Array(key), Array(value), in: family)
        }
      }
      try database.write(writes, synced: isSynced)
    } catch {
      throw Self.translate(error)
    }
  }

  /// Syncs the write-ahead file.
  public func sync() throws(ReadModelError) {
    do throws(RocksDBError) {
      try database.syncLog()
    } catch {
      throw Self.translate(error)
    }
  }

  /// About how many bytes on disk a range takes.
  public func size(of range: RowRange) throws(ReadModelError) -> UInt64 {
    do throws(RocksDBError) {
      // No key of ours begins so: it stands for the end.
      return try database.approximateSize(from: range.from, to: range.to ?? [0xFF], in: family)
    } catch {
      throw Self.translate(error)
    }
  }

  /// Ends the engine; snapshots that are held stay readable until they are let go.
  public func close() { database.close() }

  private struct Snapshot: ReadModelSource {
    let snapshot: DatabaseSnapshot
    let family: Database.Family

    func get(_ key: [UInt8]) throws(ReadModelError) -> [UInt8]? {
      do throws(RocksDBError) {
        return try snapshot.value(of: key, in: family)
      } catch {
        throw RocksDBReadModelEngine.translate(error)
      }
    }

    func get(_ keys: [[UInt8]]) throws(ReadModelError) -> [[UInt8]?] {
      var values: [[UInt8]?] = []
      values.reserveCapacity(keys.count)
      for key in keys { values.append(try get(key)) }
      return values
    }

    func scan(
      _ range: RowRange,
      isBackward: Bool,
      limit: Int
    ) throws(ReadModelError) -> [ReadModelRow] {
      do throws(RocksDBError) {
        let iterator = snapshot.makeIterator(in: family, from: range.from, to: range.to)
        return try RocksDBReadModelEngine.rows(iterator, isBackward: isBackward, limit: limit)
      } catch {
        throw RocksDBReadModelEngine.translate(error)
      }
    }
  }

  private static func rows(
    _ iterator: DatabaseIterator,
    isBackward: Bool,
    limit: Int
  ) throws(RocksDBError) -> [ReadModelRow] {
    var rows: [ReadModelRow] = []
    if isBackward { iterator.seekToLast() } else { iterator.seekToFirst() }
    while rows.count < limit, iterator.isValid {
      rows.append(ReadModelRow(key: iterator.key, value: iterator.value))
      if isBackward { iterator.previous() } else { iterator.next() }
    }
    try iterator.check()
    return rows
  }

  private static func translate(_ error: RocksDBError) -> ReadModelError {
    switch error.code {
    case .closed: .closed
    case .locked: .locked(error.description)
    case .corruption: .damaged(error.description)
    case .ioError, .notSupported, .invalidArgument, .incomplete, .busy, .other:
      .unavailable(error.description)
    }
  }
}
