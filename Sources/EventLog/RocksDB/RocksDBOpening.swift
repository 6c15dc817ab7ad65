internal import EventLogCore
internal import Glibc
internal import RocksDBDriver

/// Opens the files of a log and checks them before anything is written.
enum RocksDBOpening {
  /// What is checked of the newest events and their indexes at every opening.
  ///
  /// At most what the last write-ahead files held, which a crash can touch. An eighth of a second is a
  /// third of an opening: a larger log is opened as fast and checked less far, in full by `verify`.
  static let checked = Verification.NewestReach(
    atLeast: 4096,
    atMost: 65_536,
    patience: .milliseconds(125)
  )

  /// Rows of ids and hashes go into a commit in the order of their keys, which are spread evenly:
  /// 256 places to remember.
  private static let hintBytes = 1

  /// An event that is looked up by its place costs the block it lies in: read, copied, unpacked.
  private static let eventBlockBytes = 4 << 10

  /// Memtables of indexes hold a few dozen bytes of each event, a quarter of what the events' own
  /// does: smaller ones have smaller filters, which leave the room to rows.
  private static let indexMemtableBytes = 4 << 20

  struct Opened {
    let storage: RocksDBStorage
    let opening: LogOpening
  }

  static func open(path: String, acceptsLoss: Bool) throws(EventLogError) -> Opened {
    try makeFolder(path)
    keepToOneself(path)
    let mark = try AnsweredMark.open(path + "/answered")
    if let answered = mark.value, !acceptsLoss, !isRestored(path) {
      try checkNothingIsGone(path, answered)
    }
    let database = try storing { () throws(RocksDBError) in
      try Database.open(path: path + "/store", families: familyOptions)
    }
    do throws(EventLogError) {
      return try check(database, path: path, mark: mark, acceptsLoss: acceptsLoss)
    } catch {
      database.close()
      mark.close()
      throw error
    }
  }

  static var familyOptions: [FamilyOptions] {
    var events = FamilyOptions(FamilyName.events)
    events.filterBits = 0
    events.blobBytes = 4 << 10
    events.blockBytes = eventBlockBytes
    var streams = index(FamilyName.streams)
    streams.filterBits = 0
    let heads = index(FamilyName.heads)
    var types = index(FamilyName.types)
    types.prefixBytes = 16
    types.hintBytes = hintBytes
    var tags = index(FamilyName.tags)
    tags.prefixBytes = 16
    tags.hintBytes = hintBytes
    var ids = index(FamilyName.ids)
    ids.isCompressed = false
    ids.hintBytes = hintBytes
    var tracking = FamilyOptions(FamilyName.tracking)
    tracking.writeBufferBytes = 1 << 20
    var meta = FamilyOptions(FamilyName.meta)
    meta.writeBufferBytes = 1 << 20
    return [events, streams, heads, types, tags, ids, tracking, meta]
  }

  private static func index(_ name: String) -> FamilyOptions {
    var options = FamilyOptions(name)
    options.writeBufferBytes = indexMemtableBytes
    return options
  }

  private static func check(
    _ database: Database,
    path: String,
    mark: AnsweredMark,
    acceptsLoss: Bool
  ) throws(EventLogError) -> Opened {
    guard let families = families(of: database) else {
      throw .unavailable("the database in \(path) lacks a family of the event log")
    }
    let format = try checkFormat(database, families.meta, path)
    let (head, lastRecordedAt) = try end(database, families.events)
    var identity: LogIdentity
    if let stored = try storedIdentity(database, families.meta) {
      identity = stored
    } else {
      identity = LogIdentity(id: .make(), epoch: 1)
      try write(identity, to: database, families)
    }
    let isRestored = isRestored(path)
    var isShorter = false
    if let answered = mark.value, !isRestored {
      isShorter = answered.tellsOfMore(than: head, epoch: identity.epoch)
      // Found before already, unless the two ways of recovery differ.
      guard !isShorter || acceptsLoss else { throw gone(answered, head: head) }
    }
    if isShorter || isRestored {
      identity = identity.next(endingAt: GlobalPosition(head))
      try write(identity, to: database, families)
      if isRestored {
        unlink(path + restoredName)
        // Were it there again after the power failed, what is appended now would end with an epoch
        // of its own, unseen.
        try syncFolder(path)
      }
    }
    // From here on rows are written that an older program does not know.
    if let format, format < storedFormat { try writeFormat(to: database, families) }
    mark.write(head: head, epoch: identity.epoch)
    let storage = RocksDBStorage(
      database,
      families: families,
      removed: try removedStreams(database, families),
      streams: try streams(database, families),
      path: path,
      mark: mark,
      epoch: identity.epoch
    )
    try Verification(storage, head: head).runNewest(checked)
    return Opened(
      storage: storage,
      opening: LogOpening(
        identity: identity,
        head: GlobalPosition(head),
        lastRecordedAt: lastRecordedAt
      )
    )
  }

  static let restoredName = "/restored"

  /// Whether the log is a backup that was never opened: see `backUp`.
  private static func isRestored(_ path: String) -> Bool { access(path + restoredName, F_OK) == 0 }

  static func families(of database: Database) -> RocksDBStorage.Families? {
    guard let events = database.family(FamilyName.events),
      let streams = database.family(FamilyName.streams),
      let heads = database.family(FamilyName.heads),
      let types = database.family(FamilyName.types),
      let tags = database.family(FamilyName.tags),
      let ids = database.family(FamilyName.ids),
      let tracking = database.family(FamilyName.tracking),
      let meta = database.family(FamilyName.meta)
    else { return nil }
    return RocksDBStorage.Families(
      events: events,
      streams: streams,
      heads: heads,
      types: types,
      tags: tags,
      ids: ids,
      tracking: tracking,
      meta: meta
    )
  }

  /// The format that the log is written in, if this program reads it; nil for a fresh log.
  @discardableResult
  static func checkFormat(
    _ database: Database,
    _ meta: Database.Family,
    _ path: String
  ) throws(EventLogError) -> UInt32? {
    let stored = try storing { () throws(RocksDBError) in
      try database.value(of: MetaKey.format, in: meta)
    }
    guard let stored else { return nil }
    let format =
      stored.count == 4 ? stored.withUnsafeBytes { $0.bigEndian(UInt32.self, at: 0) } : 0
    guard (oldestFormat...storedFormat).contains(format) else {
      throw .unavailable(
        "the log in \(path) has format \(format) and this program reads formats \(oldestFormat)"
          + " to \(storedFormat); open it with the program that wrote it, export it there and"
          + " import it here"
      )
    }
    return format
  }

  static func storedIdentity(
    _ database: Database,
    _ meta: Database.Family
  ) throws(EventLogError) -> LogIdentity? {
    let stored = try storing { () throws(RocksDBError) in
      try database.value(of: MetaKey.log, in: meta)
    }
    guard let stored else { return nil }
    guard stored.count >= 24, stored.count % 8 == 0, let id = EventID(bytes: stored[..<16]) else {
      throw .corrupt("the identity of the log is not readable", at: nil)
    }
    return stored.withUnsafeBytes { bytes in
      LogIdentity(
        id: id,
        epoch: bytes.bigEndian(UInt64.self, at: 16),
        epochEnds: stride(from: 24, to: bytes.count, by: 8).map {
          GlobalPosition(bytes.bigEndian(UInt64.self, at: $0))
        }
      )
    }
  }

  private static func write(
    _ identity: LogIdentity,
    to database: Database,
    _ families: RocksDBStorage.Families
  ) throws(EventLogError) {
    try writeFormat(to: database, families)
    try storing { () throws(RocksDBError) in
      let batch = try database.makeBatch()
      let ends = identity.epochEnds.flatMap { Key.number($0.number) }
      batch.put(
        MetaKey.log,
        Key.id(identity.id) + Key.number(identity.epoch) + ends,
        in: families.meta
      )
      try database.write(batch, synced: true)
    }
  }

  private static func writeFormat(
    to database: Database,
    _ families: RocksDBStorage.Families
  ) throws(EventLogError) {
    var format: [UInt8] = []
    format.append(bigEndian: storedFormat)
    try storing { () throws(RocksDBError) in
      let batch = try database.makeBatch()
      batch.put(MetaKey.format, format, in: families.meta)
      try database.write(batch, synced: true)
    }
  }

  static func end(
    _ database: Database,
    _ events: Database.Family
  ) throws(EventLogError) -> (head: UInt64, lastRecordedAt: Timestamp) {
    let iterator = try storing { () throws(RocksDBError) in
      try database.makeIterator(in: events)
    }
    iterator.seekToLast()
    guard iterator.isValid else {
      try storing { () throws(RocksDBError) in try iterator.check() }
      return (0, Timestamp(microseconds: .min))
    }
    let event = try RecordedEvent(envelope: iterator.value)
    return (event.position.number, event.recordedAt)
  }

  static func streams(
    _ database: Database,
    _ families: RocksDBStorage.Families
  ) throws(EventLogError) -> UInt64 {
    let stored = try storing { () throws(RocksDBError) in
      try database.value(of: MetaKey.streams, in: families.meta)
    }
    guard let stored else { return try countStreams(database, families) }
    guard stored.count == 8 else {
      throw .corrupt("the count of streams is not readable", at: nil)
    }
    return stored.withUnsafeBytes { $0.bigEndian(UInt64.self, at: 0) }
  }

  /// Counts the streams of a log that was written before the count was kept.
  private static func countStreams(
    _ database: Database,
    _ families: RocksDBStorage.Families
  ) throws(EventLogError) -> UInt64 {
    let iterator = try storing { () throws(RocksDBError) in
      try database.makeIterator(in: families.heads, fillsCache: false)
    }
    var count: UInt64 = 0
    iterator.seekToFirst()
    while iterator.isValid {
      if iterator.withValue({ StreamHead(stored: $0)?.last }) != nil { count += 1 }
      iterator.next()
    }
    try storing { () throws(RocksDBError) in try iterator.check() }
    return count
  }

  static func removedStreams(
    _ database: Database,
    _ families: RocksDBStorage.Families
  ) throws(EventLogError) -> RemovedStreams {
    var removed = RemovedStreams()
    let iterator = try storing { () throws(RocksDBError) in
      try database.makeIterator(
        in: families.meta,
        from: MetaKey.removed,
        to: MetaKey.removed + [0xFF]
      )
    }
    iterator.seekToFirst()
    while iterator.isValid {
      let name = String(decoding: iterator.key.dropFirst(MetaKey.removed.count), as: UTF8.self)
      guard let head = iterator.withValue({ StreamHead(stored: $0) }) else {
        throw .corrupt("the removal of stream '\(name)' is not readable", at: nil)
      }
      removed.set(head, of: NameKey(name))
      iterator.next()
    }
    try storing { () throws(RocksDBError) in try iterator.check() }
    return removed
  }

  private static func syncFolder(_ path: String) throws(EventLogError) {
    let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY)
    defer { if folder >= 0 { Glibc.close(folder) } }
    guard folder >= 0, fsync(folder) == 0 else {
      throw .unavailable("sync the folder \(path): errno \(errno)")
    }
  }

  /// Makes a folder that nobody else may look into: everything that ever happened lies there.
  ///
  /// Those above it are everybody's.
  static func makeFolder(_ path: String) throws(EventLogError) {
    var made = path.utf8.first == UInt8(ascii: "/") ? "/" : ""
    let parts = path.split(separator: "/")
    for (index, part) in parts.enumerated() {
      made += made.isEmpty || made == "/" ? String(part) : "/" + part
      guard mkdir(made, index == parts.count - 1 ? 0o700 : 0o755) == 0 || errno == EEXIST else {
        throw .unavailable("make the folder \(made): errno \(errno)")
      }
    }
  }

  /// Takes the rights of others from a folder that was there before; older versions gave them.
  private static func keepToOneself(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return }
    // Refused for a folder of somebody else's, which is as they want it.
    chmod(path, status.st_mode & 0o700)
  }
}
