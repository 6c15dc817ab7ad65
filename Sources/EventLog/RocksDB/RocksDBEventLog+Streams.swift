public import EventLogCore
internal import RocksDBDriver

// The list of streams.
extension RocksDBEventLog {
  /// A stream of a list.
  public struct ListedStream: Hashable, Sendable {
    /// Its name.
    public let name: StreamName
    /// What is known of it.
    public let state: StreamState
  }

  private enum Listing {
    case streams([ListedStream])
    /// The store is ahead of the published head: look again when it has got there.
    case ahead(GlobalPosition)
  }

  /// The streams ever written whose names begin with `prefix`, ordered by bytes; the log's own
  /// control streams (`$$`) among them.
  ///
  /// - Parameters:
  ///   - prefix: the beginning of the names; empty for all.
  ///   - after: exclusive; nil begins with the first.
  ///   - limit: how many at most.
  /// - Returns: the streams; fewer than `limit` at the end.
  /// - Throws: what a read throws.
  public func streams(
    prefix: String = "",
    after: StreamName? = nil,
    limit: Int
  ) async throws(EventLogError) -> [ListedStream] {
    while true {
      let listing = try await log.reading { storage, head throws(EventLogError) in
        guard let storage = storage as? RocksDBStorage else { throw .closed }
        return try Self.list(storage, prefix, after, limit, head)
      }
      switch listing {
      case .streams(let streams): return streams
      case .ahead(let position): _ = try await head(beyond: GlobalPosition(position.number - 1))
      }
    }
  }

  private static func list(
    _ storage: RocksDBStorage,
    _ prefix: String,
    _ after: StreamName?,
    _ limit: Int,
    _ head: GlobalPosition
  ) throws(EventLogError) -> Listing {
    let prefix = Array(prefix.utf8)
    let iterator = try storing { () throws(RocksDBError) in
      try storage.database.makeIterator(
        in: storage.families.heads,
        from: prefix,
        to: prefix.isEmpty ? nil : prefix + [0xFF],
        fillsCache: false
      )
    }
    // Names hold no NUL: this is the first key behind the name.
    if let after { iterator.seek(Array(after.text.utf8) + [0]) } else { iterator.seekToFirst() }
    var streams: [ListedStream] = []
    while iterator.isValid, streams.count < limit {
      let name = StreamName(String(decoding: iterator.key, as: UTF8.self))
      guard let found = iterator.withValue({ StreamHead(stored: $0) }) else {
        throw .corrupt("the head of stream '\(name)' is not readable", at: nil)
      }
      guard found.touchedAt <= head.number else {
        return .ahead(GlobalPosition(found.touchedAt))
      }
      if found.state != .neverWritten {
        streams.append(ListedStream(name: name, state: found.state))
      }
      iterator.next()
    }
    try storing { () throws(RocksDBError) in try iterator.check() }
    return .streams(streams)
  }
}
