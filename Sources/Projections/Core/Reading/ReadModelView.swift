public import EventLogCore
internal import MessagingCore

/// A read model at one moment: later commits do not change what it answers.
///
/// - Shape: pages; `limit` bounds every answer, and the cursor of the last find goes on from there.
/// - Errors: what the collection's decoding throws; `ReadModelError` of the store.
public struct ReadModelView: Sendable {
  /// Everything at or below it that concerns the projection is in what this view shows, or parked.
  public let appliedPosition: GlobalPosition
  let source: any ReadModelSource
  let generation: UInt32

  /// The document at a key; nil if there is none.
  public func get<Document>(
    _ key: DocumentKey,
    in collection: Collection<Document>
  ) throws -> Document? {
    try source.get(row(key, in: collection)).map { try collection.decode($0) }
  }

  /// The documents at several keys, in their order.
  public func get<Document>(
    _ keys: [DocumentKey],
    in collection: Collection<Document>
  ) throws -> [Document?] {
    let prefix = RowKeys.collection(.document, collection.name, of: generation)
    return try source.get(keys.map { prefix + $0.bytes }).map { bytes in
      try bytes.map { try collection.decode($0) }
    }
  }

  /// At most `limit` documents by their keys.
  public func list<Document>(
    _ collection: Collection<Document>,
    _ range: KeyRange = KeyRange(),
    limit: Int
  ) throws -> [IndexEntry<Document>] {
    let prefix = RowKeys.collection(.document, collection.name, of: generation)
    return try scan(range, below: prefix, limit: limit).map { row in
      let key = DocumentKey(bytes: Array(row.key.dropFirst(prefix.count)))
      return IndexEntry(cursor: key, key: key, document: try collection.decode(row.value))
    }
  }

  /// At most `limit` documents by the entries of an index.
  public func list<Document>(
    _ collection: Collection<Document>,
    by index: Index<Document>,
    _ range: KeyRange = KeyRange(),
    limit: Int
  ) throws -> [IndexEntry<Document>] {
    let prefix = RowKeys.index(index.name, of: collection.name, in: generation)
    let finds = try scan(range, below: prefix, limit: limit).map { row in
      let cursor = row.key.dropFirst(prefix.count)
      return (
        cursor: DocumentKey(bytes: Array(cursor)),
        key: try IndexRow.documentKey(cursor: cursor, value: row.value)
      )
    }
    return try zip(finds, get(finds.map(\.key), in: collection)).map { find, document in
      guard let document else {
        throw ReadModelError.damaged(
          "index '\(index.name)' of '\(collection.name)' names a document that is not there"
        )
      }
      return IndexEntry(cursor: find.cursor, key: find.key, document: document)
    }
  }

  /// A counter's number at a key; 0 if nothing was added there.
  public func count(_ counter: Counter, at key: DocumentKey) throws -> Int64 {
    let prefix = RowKeys.collection(.counter, counter.name, of: generation)
    return try source.get(prefix + key.bytes)?.counter ?? 0
  }

  /// A counter's numbers at several keys, in their order.
  public func counts(_ counter: Counter, at keys: [DocumentKey]) throws -> [Int64] {
    let prefix = RowKeys.collection(.counter, counter.name, of: generation)
    return try source.get(keys.map { prefix + $0.bytes }).map { $0?.counter ?? 0 }
  }

  /// At most `limit` numbers of a counter that are not 0, by key.
  public func counts(
    _ counter: Counter,
    _ range: KeyRange = KeyRange(),
    limit: Int
  ) throws -> [(key: DocumentKey, value: Int64)] {
    let prefix = RowKeys.collection(.counter, counter.name, of: generation)
    var found: [(key: DocumentKey, value: Int64)] = []
    var range = range
    while found.count < limit {
      let rows = try scan(range, below: prefix, limit: limit)
      for row in rows where found.count < limit {
        let key = DocumentKey(bytes: Array(row.key.dropFirst(prefix.count)))
        range.after = key
        guard let value = row.value.counter else {
          throw ReadModelError.damaged("counter '\(counter.name)'")
        }
        if value != 0 { found.append((key, value)) }
      }
      if rows.count < limit { break }
    }
    return found
  }

  /// The row of a parked stream of a lane; nil if it is not parked.
  func parked(_ stream: StreamName, in lane: LaneID) throws -> ParkedStream? {
    try source.get(RowKeys.parked(stream, in: lane, of: generation)).map { row in
      try ParkedStream(row: row)
    }
  }

  private func row<Document>(
    _ key: DocumentKey,
    in collection: Collection<Document>
  ) -> [UInt8] {
    RowKeys.collection(.document, collection.name, of: generation) + key.bytes
  }

  private func scan(
    _ range: KeyRange,
    below prefix: [UInt8],
    limit: Int
  ) throws -> [ReadModelRow] {
    var rows = RowRange(prefix: prefix + range.prefix.bytes)
    if let after = range.after {
      let edge = prefix + after.bytes
      if range.isBackward {
        rows.to = rows.to.map { $0.lexicographicallyPrecedes(edge) ? $0 : edge } ?? edge
      } else {
        // The first key beyond `edge`.
        let next = edge + [0]
        if rows.from.lexicographicallyPrecedes(next) { rows.from = next }
      }
    }
    if let to = rows.to, !rows.from.lexicographicallyPrecedes(to) { return [] }
    return try source.scan(rows, isBackward: range.isBackward, limit: limit)
  }
}
