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
  private let mark: AnsweredMark
  private let epoch: UInt64

  init(
    _ database: Database,
    families: Families,
    removed: RemovedStreams,
    streams: UInt64,
    path: String,
    mark: AnsweredMark,
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

  func write(_ batch: CommitBatch) throws(EventLogError) {
    // Written by one thread, so that reading and storing need not be one step.
    let streams = streams.load(ordering: .relaxed) + UInt64(batch.begunStreams)
    try storing { () throws(RocksDBError) in
      let changes = try database.makeBatch()
      fill(changes, with: batch)
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
    mark.write(head: batch.lastPosition, epoch: epoch)
  }

  private func fill(_ changes: WriteBatch, with batch: CommitBatch) {
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    // One buffer for all keys: the database copies each before the next is made.
    var key: [UInt8] = []
    key.reserveCapacity(300)
    var position: [UInt8] = []
    position.reserveCapacity(8)
    // Entries of the scattered indexes go in by key: neighbours find their place in a memtable
    // from each other, and half of a commit's time is finding places.
    var ids: [ScatteredEntry] = []
    var types: [ScatteredEntry] = []
    var tags: [ScatteredEntry] = []
    ids.reserveCapacity(batch.eventCount)
    types.reserveCapacity(batch.eventCount)
    tags.reserveCapacity(batch.eventCount)
    batch.forEachEvent { number, event, envelope in
      position.removeAll(keepingCapacity: true)
      position.append(bigEndian: number)
      position.withUnsafeBytes { place in
        changes.put(place, envelope, in: families.events)
        if let stream = event.stream, let revision = event.revision {
          key.removeAll(keepingCapacity: true)
          key.append(contentsOf: stream.text.utf8)
          key.append(0)
          key.append(bigEndian: revision)
          key.withUnsafeBytes { changes.put($0, place, in: families.streams) }
        }
      }
      ids.append(ScatteredEntry(high: event.id.high, low: event.id.low, position: number))
      types.append(ScatteredEntry(event.typeHash, number))
      for hash in event.tagHashes { tags.append(ScatteredEntry(hash, number)) }
    }
    ids.sort()
    for id in ids {
      key.removeAll(keepingCapacity: true)
      key.append(bigEndian: id.high)
      key.append(bigEndian: id.low)
      key.append(bigEndian: id.position)
      key.withUnsafeBytes { bytes in
        changes.put(
          UnsafeRawBufferPointer(rebasing: bytes[..<16]),
          UnsafeRawBufferPointer(rebasing: bytes[16...]),
          in: families.ids
        )
      }
    }
    func post(_ entries: inout [ScatteredEntry], in family: Database.Family) {
      entries.sort()
      for entry in entries {
        key.removeAll(keepingCapacity: true)
        key.append(bigEndian: entry.high)
        key.append(bigEndian: entry.low)
        key.append(bigEndian: entry.position)
        key.withUnsafeBytes { changes.put($0, empty, in: family) }
      }
    }
    post(&types, in: families.types)
    post(&tags, in: families.tags)
    for (stream, head) in batch.heads {
      let name = Array(stream.text.utf8)
      let stored = head.stored
      changes.put(name, stored, in: families.heads)
      if head.hasRemovals { changes.put(MetaKey.removed + name, stored, in: families.meta) }
    }
    for (source, position) in batch.tracking {
      changes.put(Array(source.text.utf8), Key.number(position), in: families.tracking)
    }
  }

  func position(of id: EventID) throws(EventLogError) -> GlobalPosition? {
    try number(at: Key.id(id), in: families.ids).map { GlobalPosition($0) }
  }

  func tracking(of source: NameKey) throws(EventLogError) -> UInt64? {
    try number(at: Array(source.text.utf8), in: families.tracking)
  }

  func close() {
    writeOut()
    mark.close()
    database.close()
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
