internal import EventLogCore

/// A collection that can check its own rows.
protocol CheckedCollection: AnyCollection {
  /// Adds what is wrong: documents that cannot be read, entries that are missing or left over.
  func check(
    _ generation: UInt32,
    in source: any ReadModelSource,
    _ found: inout [String]
  ) throws
}

extension Collection: CheckedCollection {
  func check(
    _ generation: UInt32,
    in source: any ReadModelSource,
    _ found: inout [String]
  ) throws {
    let prefixes = indexes.map { RowKeys.index($0.name, of: name, in: generation) }
    var expected = Array(repeating: UInt64(0), count: indexes.count)
    let documents = RowKeys.collection(.document, name, of: generation)
    try Self.pages(of: RowRange(prefix: documents), in: source) { rows in
      var entries: [[UInt8]] = []
      for row in rows {
        guard let document = try? decode(row.value) else {
          found.append("a document of '\(name)' cannot be read")
          continue
        }
        for (number, index) in indexes.enumerated() {
          for entry in Set(index.entries(document)) {
            entries.append(prefixes[number] + entry.bytes + row.key.dropFirst(documents.count))
            expected[number] += 1
          }
        }
      }
      for stored in try source.get(entries) where stored == nil {
        found.append("an index entry of '\(name)' is missing")
      }
      return found.count < FillLimits.namedDifferences
    }
    for (number, index) in indexes.enumerated() {
      var stored: UInt64 = 0
      try Self.pages(of: RowRange(prefix: prefixes[number]), in: source) { rows in
        stored += UInt64(rows.count)
        return true
      }
      if stored != expected[number] {
        found.append(
          "index '\(index.name)' of '\(name)' has \(stored) entries, its documents \(expected[number])"
        )
      }
    }
  }

  private static func pages(
    of range: RowRange,
    in source: any ReadModelSource,
    _ visit: ([ReadModelRow]) throws -> Bool
  ) throws {
    var range = range
    while true {
      try Task.checkCancellation()
      let rows = try source.scan(range, isBackward: false, limit: FillLimits.scanRows)
      guard let last = rows.last, try visit(rows) else { return }
      range.from = last.key + [0]
    }
  }
}
