internal import EventLogCore
internal import Glibc
internal import RocksDBDriver
internal import Synchronization

extension RocksDBStorage {
  func statistics(head: GlobalPosition) throws(EventLogError) -> RocksDBEventLog.Statistics {
    let all = [
      families.events, families.streams, families.heads, families.types, families.tags,
      families.ids, families.tracking, families.meta,
    ]
    func sum(_ name: String) throws(EventLogError) -> UInt64 {
      var total: UInt64 = 0
      for family in all {
        total += try storing { () throws(RocksDBError) in
          try database.property(name, of: family) ?? 0
        }
      }
      return total
    }
    let streams = try storing { () throws(RocksDBError) in
      try database.property("rocksdb.estimate-num-keys", of: families.heads) ?? 0
    }
    return RocksDBEventLog.Statistics(
      events: head.number,
      streams: streams,
      streamsWithRemovals: removed.withLock { $0.count },
      bytesOnDisk: try sum("rocksdb.total-sst-files-size")
        + sum("rocksdb.total-blob-file-size"),
      bytesInMemtables: try sum("rocksdb.cur-size-all-mem-tables"),
      levelZeroFiles: try sum("rocksdb.num-files-at-level0")
    )
  }

  func backUp(to path: String) throws(EventLogError) {
    guard access(path, F_OK) != 0 else { throw .invalid("\(path) exists already") }
    try RocksDBOpening.makeFolder(path)
    try storing { () throws(RocksDBError) in try database.checkpoint(to: path + "/store") }
    let file = open(path + "/restored", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
    guard file >= 0, fsync(file) == 0 else {
      throw .unavailable("mark the backup in \(path): errno \(errno)")
    }
    _ = Glibc.close(file)
  }
}
