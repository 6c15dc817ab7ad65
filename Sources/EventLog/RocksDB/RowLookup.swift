internal import EventLogCore
internal import RocksDBDriver

/// Finds the rows of a few events by their keys.
///
/// The key of a row ends with the last place that it holds. So of the places that events say there must
/// be, the last is asked for first; what its row holds needs no look of its own. Such a look ends at the
/// newest level that has the key, where a seek asks all of them: of the newest events of a large log,
/// which are what an opening checks, hardly anything is read from the old levels.
///
/// It does not find what lies in a row that goes on behind the last of the given places, and leaves that
/// to a walk.
struct RowLookup {
  private let database: Database

  init(_ database: Database) { self.database = database }

  /// The entries, in their order, that no row found by its key holds.
  ///
  /// - entries: ascending, of an index of types or tags.
  func missing(
    of entries: [ScatteredEntry],
    in family: Database.Family
  ) throws(EventLogError) -> [ScatteredEntry] {
    var rest = ranges(of: entries)
    var missing: [Range<Int>] = []
    var group = PostingGroup()
    while !rest.isEmpty {
      var next: [Range<Int>] = []
      try look(rest.map { entries[$0.upperBound - 1] }, in: family) { index, value in
        let range = rest[index]
        let last = entries[range.upperBound - 1].position
        guard let value, group.decode(value, last: last) else {
          missing.append(range)
          return
        }
        var end = range.upperBound
        while end > range.lowerBound,
          group.last(upTo: entries[end - 1].position)
            == entries[end - 1].position
        { end -= 1 }
        if end > range.lowerBound { next.append(range.lowerBound..<end) }
      }
      rest = next
    }
    return missing.sorted { $0.lowerBound < $1.lowerBound }.flatMap { entries[$0] }
  }

  /// Where the entries of each hash stand.
  private func ranges(of entries: [ScatteredEntry]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var begin = 0
    for index in entries.indices {
      let next = index + 1
      let isLast =
        next == entries.count || entries[next].high != entries[index].high
        || entries[next].low != entries[index].low
      guard isLast else { continue }
      ranges.append(begin..<next)
      begin = next
    }
    return ranges
  }

  private func look(
    _ entries: [ScatteredEntry],
    in family: Database.Family,
    _ body: (Int, UnsafeRawBufferPointer?) -> Void
  ) throws(EventLogError) {
    var keys: [UInt8] = []
    keys.reserveCapacity(entries.count * Self.keyBytes)
    for entry in entries {
      keys.append(bigEndian: entry.high)
      keys.append(bigEndian: entry.low)
      keys.append(bigEndian: entry.position)
    }
    try storing { () throws(RocksDBError) in
      try database.withValues(ofKeys: keys, each: Self.keyBytes, in: family, body)
    }
  }

  /// A hash and a position (see KeyLayout).
  private static let keyBytes = 24

  /// The ids, in their order, whose rows do not say their positions.
  func missing(
    ofIDs ids: [ScatteredEntry],
    in family: Database.Family
  ) throws(EventLogError) -> [ScatteredEntry] {
    var keys: [UInt8] = []
    keys.reserveCapacity(ids.count * Self.idBytes)
    for id in ids {
      keys.append(bigEndian: id.high)
      keys.append(bigEndian: id.low)
    }
    var missing: [ScatteredEntry] = []
    try storing { () throws(RocksDBError) in
      try database.withValues(ofKeys: keys, each: Self.idBytes, in: family) { index, value in
        let isThere = value.map {
          $0.count == 8 && $0.bigEndian(UInt64.self, at: 0) == ids[index].position
        }
        if isThere != true { missing.append(ids[index]) }
      }
    }
    return missing
  }

  private static let idBytes = 16

  /// The value of a key; nil if there is none.
  func value(of key: [UInt8], in family: Database.Family) throws(EventLogError) -> [UInt8]? {
    try storing { () throws(RocksDBError) in try database.value(of: key, in: family) }
  }

  /// How many events of a stream, from the first, no row found by its key holds.
  ///
  /// - events: ascending, of the stream of this name.
  func missing(
    of events: [(revision: UInt64, position: UInt64)],
    of name: [UInt8],
    in family: Database.Family
  ) throws(EventLogError) -> Int {
    var count = events.count
    while let last = events[..<count].last {
      let key = name + [0] + Key.number(last.revision)
      let value = try value(of: key, in: family)
      let row = key.withUnsafeBytes { key in
        value?.withUnsafeBytes { StreamRun(key: key, value: $0, nameBytes: name.count) }
      }
      guard let row else { return count }
      let before = count
      while let event = events[..<count].last, row.position(of: event.revision) == event.position {
        count -= 1
      }
      // The row says another position: that is for the walk to tell.
      if count == before { return count }
    }
    return 0
  }
}
