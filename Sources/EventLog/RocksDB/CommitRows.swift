internal import EventLogCore
internal import RocksDBDriver

/// A commit as rows of the families.
///
/// Rows of events go in as their requests are planned; rows of the scattered indexes at the end,
/// in the order of their keys: neighbours find their place in a memtable from each other.
///
/// `@unchecked Sendable`: in the hands of one thread at a time, with its batch.
final class CommitRows: StagedRows, @unchecked Sendable {
  let changes: WriteBatch
  private let families: RocksDBStorage.Families
  private var ids: [ScatteredEntry] = []
  private var types: [ScatteredEntry] = []
  private var tags: [ScatteredEntry] = []
  private var isFinished = false
  /// The last events of a stream, which the next may belong to.
  private var run: Run?
  // One buffer each for all keys and values: the database copies them before the next is made.
  private var key: [UInt8] = []
  private var value: [UInt8] = []

  init(_ changes: WriteBatch, _ families: RocksDBStorage.Families) {
    self.changes = changes
    self.families = families
    key.reserveCapacity(300)
    value.reserveCapacity(300)
  }

  /// Takes in the requests of the batch that are not staged yet.
  func stage(_ batch: inout CommitBatch) {
    batch.forEachEvent { number, visited in
      let event = visited.event
      withUnsafeBytes(of: number.bigEndian) { key in
        changes.put(key, visited.envelope, in: families.events)
      }
      if let stream = visited.request.stream(of: event) {
        if run?.extend(stream, event.revision, number) != true {
          if let run { put(run) }
          run = Run(stream: stream, revision: event.revision, position: number)
        }
      }
      if !event.id.names(number) {
        ids.append(ScatteredEntry(high: event.id.high, low: event.id.low, position: number))
      }
      types.append(ScatteredEntry(event.typeHash, number))
      for index in event.tags {
        tags.append(ScatteredEntry(visited.request.tagHashes[Int(index)], number))
      }
    }
    batch.stagedRequests = batch.requests.count
  }

  /// Adds what the staged requests leave behind, once; nothing is staged after it.
  func finish(_ batch: CommitBatch) {
    guard !isFinished else { return }
    isFinished = true
    if let run { put(run) }
    put(&ids)
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

  /// Events of one stream that follow each other in the stream and in the log.
  private struct Run {
    let stream: NameKey
    var revision: UInt64
    var position: UInt64
    var before: UInt64 = 0

    init(stream: NameKey, revision: UInt64, position: UInt64) {
      self.stream = stream
      self.revision = revision
      self.position = position
    }

    /// Takes in the next event if it belongs to the run.
    mutating func extend(_ stream: NameKey, _ revision: UInt64, _ position: UInt64) -> Bool {
      guard revision == self.revision + 1, position == self.position + 1, stream == self.stream
      else { return false }
      self.revision = revision
      self.position = position
      before += 1
      return true
    }
  }

  private func put(_ run: Run) {
    key.removeAll(keepingCapacity: true)
    key.append(contentsOf: run.stream.text.utf8)
    key.append(0)
    key.append(bigEndian: run.revision)
    value.removeAll(keepingCapacity: true)
    value.append(bigEndian: run.position)
    if run.before > 0 { value.append(variableLength: run.before) }
    putRow(in: families.streams)
  }

  private func put(_ ids: inout [ScatteredEntry]) {
    ids.sort()
    for id in ids {
      withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { key in
        withUnsafeBytes(of: id.position.bigEndian) { changes.put(key, $0, in: families.ids) }
      }
    }
  }

  /// Puts one row for each hash among the entries, or a few if its positions lie far apart.
  private func post(_ entries: inout [ScatteredEntry], in family: Database.Family) {
    entries.sort()
    var group = PostingGroup()
    for index in entries.indices {
      let entry = entries[index]
      let isSame =
        index > 0 && entries[index - 1].high == entry.high && entries[index - 1].low == entry.low
      if isSame, group.add(entry.position) { continue }
      if index > 0 { put(group, of: entries[index - 1], in: family) }
      group.removeAll()
      _ = group.add(entry.position)
    }
    if let last = entries.last { put(group, of: last, in: family) }
  }

  private func put(
    _ group: PostingGroup,
    of entry: ScatteredEntry,
    in family: Database.Family
  ) {
    key.removeAll(keepingCapacity: true)
    key.append(bigEndian: entry.high)
    key.append(bigEndian: entry.low)
    key.append(bigEndian: group.last)
    value.removeAll(keepingCapacity: true)
    group.encode(into: &value)
    putRow(in: family)
  }

  private func putRow(in family: Database.Family) {
    key.withUnsafeBytes { key in value.withUnsafeBytes { changes.put(key, $0, in: family) } }
  }

}
