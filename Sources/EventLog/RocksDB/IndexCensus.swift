internal import EventLogCore
internal import RocksDBDriver

/// The other direction of `Verification`: that the families hold nothing that no event bears, and
/// that streams, heads and marks are exactly what the events come to.
///
/// That every event is found was checked before, so equal counts leave room for nothing else.
struct IndexCensus {
  private let storage: RocksDBStorage
  private let moment: DatabaseSnapshot
  private let head: UInt64
  private let stop: StopSign

  init(
    _ storage: RocksDBStorage,
    at moment: DatabaseSnapshot,
    head: UInt64,
    stop: StopSign
  ) {
    self.storage = storage
    self.moment = moment
    self.head = head
    self.stop = stop
  }

  /// Compares all families with what the events come to.
  ///
  /// - Throws: `.corrupt` at the first disagreement, which names the family.
  func run(_ totals: EventTotals) throws(EventLogError) {
    try expect(try ids(), totals.indexedIDs, "ids")
    try expect(try positions(in: storage.families.types), totals.events, "types")
    try expect(try positions(in: storage.families.tags), totals.tags, "tags")
    try checkStreams(totals)
    try checkMarks(totals)
  }

  private func expect(
    _ found: UInt64,
    _ expected: UInt64,
    _ family: String
  ) throws(EventLogError) {
    guard found == expected else {
      throw .corrupt(
        "the index of \(family) has \(found) entries for the \(expected) of the events",
        at: nil
      )
    }
  }

  private func iterator(_ family: Database.Family) -> DatabaseIterator {
    let iterator = moment.makeIterator(in: family, fillsCache: false)
    iterator.seekToFirst()
    return iterator
  }

  private func check(_ iterator: DatabaseIterator) throws(EventLogError) {
    try storing { () throws(RocksDBError) in try iterator.check() }
  }

  /// How many ids have a row that they need.
  ///
  /// An older form may by chance hold one that it would not need today.
  private func ids() throws(EventLogError) -> UInt64 {
    let iterator = iterator(storage.families.ids)
    var count: UInt64 = 0
    while iterator.isValid {
      try stop.check()
      let id = iterator.withKey { EventID(bytes: $0) }
      let position = iterator.withValue { $0.count == 8 ? $0.bigEndian(UInt64.self, at: 0) : nil }
      guard let id, let position else {
        throw .corrupt("a row of the index of ids is not readable", at: nil)
      }
      if !id.names(position) { count += 1 }
      iterator.next()
    }
    try check(iterator)
    return count
  }

  /// How many positions the rows of an index of types or tags hold.
  private func positions(in family: Database.Family) throws(EventLogError) -> UInt64 {
    let iterator = iterator(family)
    var group = PostingGroup()
    var count: UInt64 = 0
    while iterator.isValid {
      try stop.check()
      let last = iterator.withKey { key in
        key.count == 24 ? key.bigEndian(UInt64.self, at: 16) : nil
      }
      guard let last, iterator.withValue({ group.decode($0, last: last) }) else {
        throw .corrupt("a row of an index is not readable", at: nil)
      }
      for run in group.runs { count += run.last - run.first + 1 }
      iterator.next()
    }
    try check(iterator)
    return count
  }

  // MARK: streams and heads

  /// Walks heads and the index of streams side by side: both are in the order of the names.
  private func checkStreams(_ totals: EventTotals) throws(EventLogError) {
    let heads = iterator(storage.families.heads)
    let rows = iterator(storage.families.streams)
    var events: UInt64 = 0
    var begun: UInt64 = 0
    var removed: UInt64 = 0
    while heads.isValid {
      try stop.check()
      let name = heads.key
      guard let found = heads.withValue({ StreamHead(stored: $0) }) else {
        throw .corrupt("the head of stream '\(Self.text(name))' is not readable", at: nil)
      }
      let key = NameKey(Self.text(name))
      let seen = try walk(rows, of: name, truncated: totals.truncations[key] ?? [])
      events += seen.events
      if seen.last != nil { begun += 1 }
      guard found.last == seen.last else {
        throw .corrupt(
          "the head of stream '\(key.text)' disagrees with its events",
          at: nil
        )
      }
      guard found.first == seen.first, found.isTombstoned == totals.tombstones.contains(key),
        found.touchedAt >= seen.lastPosition, found.touchedAt <= head
      else {
        throw .corrupt("the head of stream '\(key.text)' disagrees with its removals", at: nil)
      }
      if found.hasRemovals {
        removed += 1
        try checkNote(of: name, found)
      }
      heads.next()
    }
    try check(heads)
    guard !rows.isValid else {
      throw .corrupt("the index of streams has a stream without a head", at: nil)
    }
    try check(rows)
    try expect(events, totals.streamEvents, "streams")
    try checkCounts(begun: begun, removed: removed)
  }

  /// What the rows of one stream come to.
  private struct Seen {
    var events: UInt64 = 0
    var last: UInt64?
    var lastPosition: UInt64 = 0
    /// The first kept revision.
    var first: UInt64 = 0
  }

  private func walk(
    _ rows: DatabaseIterator,
    of name: [UInt8],
    truncated: [EventTotals.Truncation]
  ) throws(EventLogError) -> Seen {
    var seen = Seen()
    // How many events the stream had at each truncation: what it removed at most.
    var lengths = truncated.map { _ in UInt64(0) }
    while rows.isValid {
      try stop.check()
      let run = rows.withKey { key -> StreamRun? in
        guard key.count == name.count + 9,
          name.withUnsafeBytes({ mine in
            UnsafeRawBufferPointer(rebasing: key[..<name.count]).hasSameBytes(as: mine)
          }), key[name.count] == 0
        else { return nil }
        return rows.withValue { StreamRun(key: key, value: $0, nameBytes: name.count) }
      }
      guard let run else { break }
      let next = seen.last.map { $0 + 1 } ?? 0
      let firstPosition = run.lastPosition - run.before
      guard run.revisions.lowerBound == next, firstPosition > seen.lastPosition else {
        throw .corrupt(
          "stream '\(Self.text(name))' lacks revision \(next)",
          at: GlobalPosition(run.lastPosition)
        )
      }
      for (index, truncation) in truncated.enumerated() where firstPosition < truncation.position {
        let reached = min(run.lastPosition, truncation.position - 1)
        lengths[index] = next + (reached - firstPosition) + 1
      }
      seen.events += run.before + 1
      seen.last = run.lastRevision
      seen.lastPosition = run.lastPosition
      rows.next()
    }
    for (truncation, length) in zip(truncated, lengths) {
      seen.first = max(seen.first, min(truncation.before, length))
    }
    return seen
  }

  /// The note of a removal that openings read must say what the head says.
  private func checkNote(of name: [UInt8], _ head: StreamHead) throws(EventLogError) {
    let note = try storing { () throws(RocksDBError) in
      try moment.value(of: MetaKey.removed + name, in: storage.families.meta)
    }
    guard note == head.stored else {
      throw .corrupt("the note of the removal of '\(Self.text(name))' disagrees", at: nil)
    }
  }

  private func checkCounts(begun: UInt64, removed: UInt64) throws(EventLogError) {
    let notes = moment.makeIterator(
      in: storage.families.meta,
      from: MetaKey.removed,
      to: MetaKey.removed + [0xFF],
      fillsCache: false
    )
    notes.seekToFirst()
    var count: UInt64 = 0
    while notes.isValid {
      try stop.check()
      count += 1
      notes.next()
    }
    try check(notes)
    guard count == removed else {
      throw .corrupt("there are \(count) notes of removals for \(removed) streams", at: nil)
    }
    let stored = try storing { () throws(RocksDBError) in
      try moment.value(of: MetaKey.streams, in: storage.families.meta)
    }
    // A log that was not written since the count is kept has none.
    guard let stored else { return }
    guard stored == Key.number(begun) else {
      throw .corrupt("the count of streams disagrees with the \(begun) that there are", at: nil)
    }
  }

  private func checkMarks(_ totals: EventTotals) throws(EventLogError) {
    let marks = iterator(storage.families.tracking)
    var count = 0
    while marks.isValid {
      try stop.check()
      let source = Self.text(marks.key)
      let mark = marks.withValue { $0.count == 8 ? $0.bigEndian(UInt64.self, at: 0) : nil }
      guard let mark, totals.marks[NameKey(source)] == mark else {
        throw .corrupt("the mark of source '\(source)' disagrees with its events", at: nil)
      }
      count += 1
      marks.next()
    }
    try check(marks)
    guard count == totals.marks.count else {
      throw .corrupt("the mark of a source is missing", at: nil)
    }
  }

  private static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
}
