internal import EventLogCore
internal import Glibc
internal import RocksDBDriver
internal import Synchronization

extension RocksDBStorage {
  private var allFamilies: [Database.Family] {
    [
      families.events, families.streams, families.heads, families.types, families.tags,
      families.ids, families.tracking, families.meta,
    ]
  }

  func statistics(head: GlobalPosition) throws(EventLogError) -> RocksDBEventLog.Statistics {
    RocksDBEventLog.Statistics(
      events: head.number,
      streams: streams.load(ordering: .relaxed),
      streamsWithRemovals: removed.withLock { $0.count },
      bytesOnDisk: Self.bytes(in: path),
      bytesInMemtables: try sum("rocksdb.cur-size-all-mem-tables"),
      levelZeroFiles: try sum("rocksdb.num-files-at-level0")
    )
  }

  private func sum(_ name: String) throws(EventLogError) -> UInt64 {
    try storing { () throws(RocksDBError) in
      var total: UInt64 = 0
      for family in allFamilies { total += try database.property(name, of: family) ?? 0 }
      return total
    }
  }

  /// Bytes that are not worth writing out at the end: replaying so few takes no time.
  private static let replayedBytes: UInt64 = 4 << 20

  /// Writes the memtables out before the end, so that the next opening replays nothing.
  ///
  /// That it failed is no failure: everything is in the write-ahead files.
  func writeOut() {
    guard let waiting = try? sum("rocksdb.cur-size-active-mem-table"),
      waiting > Self.replayedBytes
    else { return }
    for family in allFamilies { try? database.flush(family) }
  }

  /// The sizes of all files in the folder `path`; one that goes meanwhile counts nothing.
  private static func bytes(in path: String) -> UInt64 {
    guard let folder = opendir(path) else { return 0 }
    defer { closedir(folder) }
    var total: UInt64 = 0
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name != ".", name != ".." else { continue }
      var status = stat()
      guard lstat(path + "/" + name, &status) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: total += bytes(in: path + "/" + name)
      case S_IFREG: total += UInt64(max(0, status.st_size))
      default: break
      }
    }
    return total
  }

  /// Compacts one family after the other; `progress` hears the name before and the number after.
  func compact(
    stop: StopSign,
    progress: (_ family: String, _ done: Int, _ total: Int) -> Void
  ) throws(EventLogError) {
    let names = [
      FamilyName.events, FamilyName.streams, FamilyName.heads, FamilyName.types, FamilyName.tags,
      FamilyName.ids, FamilyName.tracking, FamilyName.meta,
    ]
    // Stopped at once, it has done nothing and tells nothing.
    try stop.check()
    for (index, family) in allFamilies.enumerated() {
      progress(names[index], index, names.count)
      try stop.check()
      try storing { () throws(RocksDBError) in
        try database.flush(family)
        try database.compact(family)
      }
    }
    progress("", names.count, names.count)
  }

  func backUp(to path: String, stop: StopSign) throws(EventLogError) {
    try stop.check()
    guard access(path, F_OK) != 0 else { throw .invalid("\(path) exists already") }
    try RocksDBOpening.makeFolder(path)
    try storing { () throws(RocksDBError) in try database.checkpoint(to: path + "/store") }
    let file = open(path + "/restored", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0, fsync(file) == 0 else {
      throw .unavailable("mark the backup in \(path): errno \(errno)")
    }
    _ = Glibc.close(file)
  }
}
