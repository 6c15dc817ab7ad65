internal import EventLogCore
internal import Glibc
internal import RocksDBDriver

extension RocksDBOpening {
  /// Throws if opening the database for writing would lose answered events.
  ///
  /// The database's own recovery cuts a damaged write-ahead file off and retires it, after which
  /// nobody can mend it. So the files are first replayed in memory, without a byte written.
  static func checkNothingIsGone(
    _ path: String,
    _ answered: AnsweredMark.Value
  ) throws(EventLogError) {
    guard answered.head > 0 else { return }
    guard access(path + "/store/CURRENT", F_OK) == 0 else {
      throw gone(answered, head: 0)
    }
    // Only the events and the identity: replaying the indexes is most of a recovery's time.
    let needed = [FamilyName.events, FamilyName.meta]
    let database = try storing { () throws(RocksDBError) in
      try Database.openReadOnly(
        path: path + "/store",
        families: familyOptions.filter { needed.contains($0.name) }
      )
    }
    defer { database.close() }
    guard let events = database.family(FamilyName.events),
      let meta = database.family(FamilyName.meta)
    else { throw .unavailable("the database in \(path) lacks a family of the event log") }
    try checkFormat(database, meta, path)
    let epoch = try storedIdentity(database, meta)?.epoch ?? 0
    let (head, _) = try end(database, events)
    if answered.tellsOfMore(than: head, epoch: epoch) { throw gone(answered, head: head) }
  }

  static func gone(_ answered: AnsweredMark.Value, head: UInt64) -> EventLogError {
    .corrupt(
      "events up to \(answered.head) were answered and only \(head) are there; restore a"
        + " backup, or open it accepting the loss",
      at: GlobalPosition(head)
    )
  }
}
