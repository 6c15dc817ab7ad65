internal import EventLogCore
internal import RocksDBDriver
internal import Synchronization

/// The event log's families in one database.
final class RocksDBStorage: LogStorage {
  struct Families: Sendable {
    let events: Database.Family
    let streams: Database.Family
    let heads: Database.Family
    let types: Database.Family
    let tags: Database.Family
    let ids: Database.Family
    let tracking: Database.Family
    let meta: Database.Family
  }

  let database: Database
  let families: Families
  let removed: Mutex<RemovedStreams>
  /// How many streams were ever written, with the last commit.
  let streams: Atomic<UInt64>
  /// The folder of the log.
  let path: String
  /// Nil for files that are only looked at.
  private let mark: AnsweredMark?
  private let epoch: UInt64

  init(
    _ database: Database,
    families: Families,
    removed: RemovedStreams,
    streams: UInt64,
    path: String,
    mark: AnsweredMark?,
    epoch: UInt64
  ) {
    self.database = database
    self.families = families
    self.removed = Mutex(removed)
    self.streams = Atomic(streams)
    self.path = path
    self.mark = mark
    self.epoch = epoch
  }

  func stage(_ batch: inout CommitBatch) throws(EventLogError) {
    _ = try storing { () throws(RocksDBError) in try staged(&batch) }
  }

  func prepare(_ batch: inout CommitBatch) throws(EventLogError) {
    let rows = try storing { () throws(RocksDBError) in try staged(&batch) }
    rows.finish(batch)
  }

  private func staged(_ batch: inout CommitBatch) throws(RocksDBError) -> CommitRows {
    let rows: CommitRows
    if let begun = batch.staged as? CommitRows {
      rows = begun
    } else {
      rows = CommitRows(try database.makeBatch(), families)
      batch.staged = rows
    }
    rows.stage(&batch)
    return rows
  }

  func write(_ batch: CommitBatch) throws(EventLogError) {
    var batch = batch
    // Written by one thread, so that reading and storing need not be one step.
    let streams = streams.load(ordering: .relaxed) + UInt64(batch.begunStreams)
    try storing { () throws(RocksDBError) in
      let rows = try staged(&batch)
      rows.finish(batch)
      let changes = rows.changes
      if batch.begunStreams > 0 {
        changes.put(MetaKey.streams, Key.number(streams), in: families.meta)
      }
      try database.write(changes, synced: true)
    }
    self.streams.store(streams, ordering: .relaxed)
    let removals = batch.heads.filter { $0.value.hasRemovals }
    if !removals.isEmpty {
      removed.withLock { removed in
        for (stream, head) in removals { removed.set(head, of: stream) }
      }
    }
    mark?.write(head: batch.lastPosition, epoch: epoch)
  }

  func position(of id: EventID) throws(EventLogError) -> GlobalPosition? {
    if let place = id.place, try hasID(id, at: place) { return GlobalPosition(place) }
    return try number(at: Key.id(id), in: families.ids).map { GlobalPosition($0) }
  }

  /// Whether the event at `position` is there and bears the id.
  func hasID(_ id: EventID, at position: UInt64) throws(EventLogError) -> Bool {
    guard let envelope = try value(at: Key.number(position), in: families.events) else {
      return false
    }
    guard envelope.count >= Envelope.smallest else {
      throw .corrupt("the event is not readable", at: GlobalPosition(position))
    }
    return envelope.withUnsafeBytes { Envelope.id(of: $0) } == id
  }

  func tracking(of source: NameKey) throws(EventLogError) -> UInt64? {
    try number(at: Array(source.text.utf8), in: families.tracking)
  }

  func close() {
    writeOut()
    database.close()
    // Last, since it holds the lock: the next opener looks at files that nobody changes any more.
    mark?.close()
  }

  func number(
    at key: [UInt8],
    in family: Database.Family
  ) throws(EventLogError) -> UInt64? {
    guard let value = try value(at: key, in: family) else { return nil }
    guard value.count == 8 else {
      throw .corrupt("an index entry has \(value.count) bytes", at: nil)
    }
    return value.withUnsafeBytes { $0.bigEndian(UInt64.self, at: 0) }
  }

  func value(
    at key: [UInt8],
    in family: Database.Family
  ) throws(EventLogError) -> [UInt8]? {
    try storing { () throws(RocksDBError) in try database.value(of: key, in: family) }
  }

  func head(of stream: NameKey) throws(EventLogError) -> StreamHead {
    guard let value = try value(at: Array(stream.text.utf8), in: families.heads) else {
      return .neverWritten
    }
    guard let head = value.withUnsafeBytes({ StreamHead(stored: $0) }) else {
      throw .corrupt("the head of stream '\(stream.text)' is not readable", at: nil)
    }
    return head
  }

  /// The event at `position`, checked.
  func event(at position: UInt64) throws(EventLogError) -> RecordedEvent {
    guard let bytes = try value(at: Key.number(position), in: families.events) else {
      throw .corrupt("there is no event", at: GlobalPosition(position))
    }
    if let damage = bytes.withUnsafeBytes({ Envelope.damage(in: $0) }) {
      throw .corrupt(damage, at: GlobalPosition(position))
    }
    return RecordedEvent(checked: bytes, start: 0, count: bytes.count)
  }
}

/// Translates what the database refuses.
func storing<R>(_ body: () throws(RocksDBError) -> R) throws(EventLogError) -> R {
  do throws(RocksDBError) {
    return try body()
  } catch {
    switch error.code {
    case .corruption: throw .corrupt(error.description, at: nil)
    case .locked: throw .locked(error.description)
    case .closed: throw .closed
    case .ioError, .notSupported, .invalidArgument, .incomplete, .busy, .other:
      throw .unavailable(error.description)
    }
  }
}
