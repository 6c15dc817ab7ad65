public import EventLogCore
internal import Glibc
internal import RocksDBDriver

// Files of a log that nobody has open, a backup's for example. They are looked at without a byte of
// them being changed.
extension RocksDBEventLog {
  /// Which log the files in the folder `path` hold, and where it ends.
  ///
  /// Blocks. Nobody may write the files meanwhile.
  ///
  /// - Throws: `.unavailable` if there is no log, `.corrupt` if its end is not readable.
  public static func look(
    at path: String
  ) throws(EventLogError) -> (identity: LogIdentity, head: GlobalPosition) {
    let (storage, identity) = try openReadOnly(path)
    defer { storage.close() }
    let (head, _) = try RocksDBOpening.end(storage.database, storage.families.events)
    return (identity, GlobalPosition(head))
  }

  /// Checks the files in the folder `path` as `verify` checks an open log.
  ///
  /// Blocks. Nobody may write the files meanwhile.
  ///
  /// - Parameters:
  ///   - path: the folder of the log.
  ///   - progress: gets the position checked so far, every few thousand events.
  /// - Throws: `.corrupt` at the first disagreement, `.cancelled` once the task is.
  public static func verify(
    filesAt path: String,
    progress: (GlobalPosition) -> Void = { _ in }
  ) throws(EventLogError) {
    let (storage, _) = try openReadOnly(path)
    defer { storage.close() }
    try Verification(whole: storage, stop: StopSign(followsTask: true)).runWhole {
      progress(GlobalPosition($0))
    }
  }

  private static func openReadOnly(
    _ path: String
  ) throws(EventLogError) -> (RocksDBStorage, LogIdentity) {
    guard access(path + "/store/CURRENT", F_OK) == 0 else {
      throw .unavailable("there is no log in \(path)")
    }
    let database = try storing { () throws(RocksDBError) in
      try Database.openReadOnly(path: path + "/store", families: RocksDBOpening.familyOptions)
    }
    do throws(EventLogError) {
      guard let families = RocksDBOpening.families(of: database) else {
        throw .unavailable("the database in \(path) lacks a family of the event log")
      }
      try RocksDBOpening.checkFormat(database, families.meta, path)
      guard let identity = try RocksDBOpening.storedIdentity(database, families.meta) else {
        throw .corrupt("the log in \(path) has no identity", at: nil)
      }
      let storage = RocksDBStorage(
        database,
        families: families,
        removed: try RocksDBOpening.removedStreams(database, families),
        streams: try RocksDBOpening.streams(database, families),
        path: path,
        mark: nil,
        epoch: identity.epoch
      )
      return (storage, identity)
    } catch {
      database.close()
      throw error
    }
  }
}
