internal import EventLogCore
internal import RocksDBDriver

/// Checks that the events are whole and contiguous, and that every index agrees with them.
///
/// Events are taken in chunks. What a chunk says of an index is sorted and laid beside a walk
/// over that index, so that neighbouring entries cost a step and not a lookup. A check of the whole
/// log then looks the other way, too (see `IndexCensus`).
struct Verification {
  /// Events checked before the indexes are walked for all of them.
  private static let chunkEvents = 16_384
  /// Index entries of one chunk at most (24 bytes each), for events with many tags.
  private static let chunkPostings = 131_072

  private let storage: RocksDBStorage
  /// Everything is compared as of one moment: appends go on meanwhile.
  private let moment: DatabaseSnapshot
  private let head: UInt64
  private let stop: StopSign
  /// Asked before an index is walked; nil where all of it is walked anyway.
  private var lookup: RowLookup?

  init(_ storage: RocksDBStorage, head: UInt64) throws(EventLogError) {
    self.storage = storage
    self.head = head
    stop = StopSign()
    moment = try storing { () throws(RocksDBError) in try storage.database.snapshot() }
  }

  /// A check of all that is in the store now, which may be more than was published.
  ///
  /// - stop: looked at before a chunk is compared, and at every row of an index.
  init(
    whole storage: RocksDBStorage,
    stop: StopSign = StopSign()
  ) throws(EventLogError) {
    self.storage = storage
    self.stop = stop
    let moment = try storing { () throws(RocksDBError) in try storage.database.snapshot() }
    let iterator = moment.makeIterator(in: storage.families.events, fillsCache: false)
    iterator.seekToLast()
    head =
      iterator.isValid
      ? iterator.withKey { $0.count == 8 ? $0.bigEndian(UInt64.self, at: 0) : 0 } : 0
    try storing { () throws(RocksDBError) in try iterator.check() }
    self.moment = moment
  }

  /// Checks every event and that the families hold nothing else.
  ///
  /// - Throws: `.corrupt` at the first disagreement.
  func runWhole(progress: (UInt64) -> Void) throws(EventLogError) {
    let total = try run(from: 1, through: head, progress: progress)
    try IndexCensus(storage, at: moment, head: head, stop: stop).run(total)
  }

  /// Checks the newest events, from the head backwards, as far as a time reaches: an entry of an
  /// index costs more to look up the larger the log is, and who opens it waits.
  ///
  /// - Returns: the first position that was checked; the position behind the head for an empty log.
  /// - Throws: `.corrupt` at a disagreement.
  @discardableResult
  func runNewest(_ reach: NewestReach) throws(EventLogError) -> UInt64 {
    let end = ContinuousClock.now + reach.patience
    var newest = self
    newest.lookup = RowLookup(storage.database)
    func first(of events: UInt64) -> UInt64 { head >= events ? head - events + 1 : 1 }
    let (needed, lowest) = (first(of: reach.atLeast), first(of: reach.atMost))
    var checked = head + 1
    while checked > needed || checked > lowest && ContinuousClock.now < end {
      let last = checked - 1
      checked = max(lowest, last >= reach.step ? last - reach.step + 1 : 1)
      try newest.run(from: checked, through: last) { _ in }
    }
    return checked
  }

  /// How many of the newest events are checked.
  struct NewestReach {
    var atLeast: UInt64
    var atMost: UInt64
    /// Beyond `atLeast`, how long.
    var patience: Duration
    /// How many between two looks at the clock.
    var step: UInt64 = 1024
  }

  /// Checks everything between two positions; `progress` gets positions as they are passed.
  ///
  /// - Returns: what the events come to.
  /// - Throws: `.corrupt` at the first disagreement.
  @discardableResult
  private func run(
    from first: UInt64,
    through last: UInt64,
    progress: (UInt64) -> Void
  ) throws(EventLogError) -> EventTotals {
    var totals = EventTotals()
    guard last > 0, first <= last else { return totals }
    let iterator = moment.makeIterator(
      in: storage.families.events,
      from: Key.number(first),
      to: Key.number(last) + [0],
      fillsCache: false
    )
    iterator.seekToFirst()
    var position = first
    var chunk = Chunk()
    while iterator.isValid {
      let isInPlace = iterator.withKey { key in
        key.count == 8 && key.bigEndian(UInt64.self, at: 0) == position
      }
      guard isInPlace else {
        throw .corrupt("positions are not contiguous", at: GlobalPosition(position))
      }
      let problem = iterator.withValue { value in
        chunk.note(value, at: position) ?? totals.note(value, at: position)
      }
      if let problem { throw .corrupt(problem, at: GlobalPosition(position)) }
      if chunk.types.count == Self.chunkEvents || chunk.tags.count >= Self.chunkPostings {
        try compare(&chunk)
        chunk = Chunk()
        progress(position)
      }
      iterator.next()
      position += 1
    }
    try storing { () throws(RocksDBError) in try iterator.check() }
    guard position == last + 1 else {
      throw .corrupt("there is no event", at: GlobalPosition(position))
    }
    try compare(&chunk)
    progress(last)
    return totals
  }

  /// The events of one stream, in the order of their revisions.
  private struct Run {
    let name: [UInt8]
    var events: [(revision: UInt64, position: UInt64)]
  }

  /// What a chunk of events says the indexes must hold.
  private struct Chunk {
    var ids: [ScatteredEntry] = []
    var types: [ScatteredEntry] = []
    var tags: [ScatteredEntry] = []
    var runs: [Run] = []
    /// Where in `runs` the streams of a hash stand; nearly always one.
    private var places: [TextHash: [Int]] = [:]

    /// Takes an event in, or says what is wrong with it.
    mutating func note(_ bytes: UnsafeRawBufferPointer, at position: UInt64) -> String? {
      if let damage = Envelope.damage(in: bytes) { return damage }
      let raw = RawEnvelope(bytes: bytes)
      guard raw.position == position else { return "another event is in its place" }
      let id = Envelope.id(of: bytes)
      if !id.names(position) {
        ids.append(ScatteredEntry(high: id.high, low: id.low, position: position))
      }
      let type = TextHash(raw.type, seed: TextHash.Kind.type.rawValue)
      types.append(ScatteredEntry(type, position))
      raw.forEachTag { tag in
        let hash = TextHash(tag, seed: TextHash.Kind.tag.rawValue)
        tags.append(ScatteredEntry(hash, position))
      }
      if raw.hasStream { note(raw, at: position) }
      return nil
    }

    private mutating func note(_ raw: RawEnvelope, at position: UInt64) {
      let stream = raw.stream
      // A control stream has the hash of the stream it speaks of, which costs a comparison.
      let hash = TextHash(stream, seed: TextHash.Kind.name.rawValue)
      let prefix = raw.isControl ? Self.controlPrefix : 0
      for place in places[hash] ?? [] {
        let isSame = runs[place].name.withUnsafeBytes { name in
          name.count == stream.count + prefix
            && UnsafeRawBufferPointer(rebasing: name[prefix...]).hasSameBytes(as: stream)
        }
        guard isSame else { continue }
        runs[place].events.append((raw.revision, position))
        return
      }
      let name = Array(repeating: UInt8(ascii: "$"), count: prefix) + Array(stream)
      places[hash, default: []].append(runs.count)
      runs.append(Run(name: name, events: [(raw.revision, position)]))
    }

    /// `$$`, which the stored name leaves out.
    private static let controlPrefix = 2
  }

  private func compare(_ chunk: inout Chunk) throws(EventLogError) {
    try stop.check()
    chunk.ids.sort()
    chunk.types.sort()
    chunk.tags.sort()
    chunk.runs.sort { $0.name.lexicographicallyPrecedes($1.name) }
    try compareIDs(chunk.ids)
    try compare(chunk.types, storage.families.types, "types")
    try compare(chunk.tags, storage.families.tags, "tags")
    try compareStreams(chunk.runs)
    try compareHeads(chunk.runs)
  }

  private func compareIDs(_ ids: [ScatteredEntry]) throws(EventLogError) {
    let ids = try lookup?.missing(ofIDs: ids, in: storage.families.ids) ?? ids
    var walk = IndexWalk(moment, storage.families.ids)
    for id in ids {
      walk.key.removeAll(keepingCapacity: true)
      walk.key.append(bigEndian: id.high)
      walk.key.append(bigEndian: id.low)
      guard try walk.reaches({ $0.isNumber(id.position) }) else {
        throw .corrupt("the index of ids disagrees", at: GlobalPosition(id.position))
      }
    }
  }

  private func compare(
    _ entries: [ScatteredEntry],
    _ family: Database.Family,
    _ name: String
  ) throws(EventLogError) {
    let entries = try lookup?.missing(of: entries, in: family) ?? entries
    guard !entries.isEmpty else { return }
    var cursor = PostingCursor(moment.makeIterator(in: family, fillsCache: false))
    for entry in entries {
      let hash = TextHash(high: entry.high, low: entry.low)
      guard try cursor.first(of: hash, from: entry.position) == entry.position else {
        throw .corrupt("the index of \(name) disagrees", at: GlobalPosition(entry.position))
      }
    }
  }

  private func compareStreams(_ runs: [Run]) throws(EventLogError) {
    var walk = IndexWalk(moment, storage.families.streams)
    for run in runs {
      let events = run.events
      let count =
        try lookup?.missing(of: events, of: run.name, in: storage.families.streams) ?? events.count
      walk.key.removeAll(keepingCapacity: true)
      walk.key.append(contentsOf: run.name)
      walk.key.append(0)
      for (revision, position) in events[..<count] {
        walk.key.removeLast(walk.key.count - run.name.count - 1)
        walk.key.append(bigEndian: revision)
        let isThere = try walk.reachesRow { key, value in
          StreamRun(key: key, value: value, nameBytes: run.name.count)
            .flatMap { $0.isOf(run.name, key) ? $0.position(of: revision) : nil } == position
        }
        guard isThere else {
          throw .corrupt("the index of streams disagrees", at: GlobalPosition(position))
        }
      }
    }
  }

  private func compareHeads(_ runs: [Run]) throws(EventLogError) {
    var walk = IndexWalk(moment, storage.families.heads)
    for run in runs {
      guard let revision = run.events.last?.revision else { continue }
      func isAhead(_ value: UnsafeRawBufferPointer) -> Bool {
        StreamHead(stored: value)?.last.map { $0 >= revision } ?? false
      }
      if let head = try lookup?.value(of: run.name, in: storage.families.heads),
        head.withUnsafeBytes(isAhead)
      {
        continue
      }
      walk.key.removeAll(keepingCapacity: true)
      walk.key.append(contentsOf: run.name)
      guard try walk.reaches(isAhead) else {
        let name = String(decoding: run.name, as: UTF8.self)
        throw .corrupt("the head of stream '\(name)' is behind its events", at: nil)
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func isNumber(_ number: UInt64) -> Bool {
    count == 8 && bigEndian(UInt64.self, at: 0) == number
  }
}
