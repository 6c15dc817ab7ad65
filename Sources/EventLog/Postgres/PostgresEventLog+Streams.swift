public import EventLogCore
internal import PostgresDriver

// The list of streams.
extension PostgresEventLog {
  /// A stream of a list.
  public struct ListedStream: Hashable, Sendable {
    /// Its name.
    public let name: StreamName
    /// What is known of it.
    public let state: StreamState
  }

  // From name to name, whatever number of events lies between them.
  private static func firstName(_ bound: String) -> String {
    "SELECT stream FROM event WHERE stream \(bound) AND stream < $2 ORDER BY stream LIMIT 1"
  }

  /// $1 the lowest name, $2 the first beyond, $3 how many.
  private static let list = PostgresStatement(
    "list streams",
    """
    WITH RECURSIVE written (name, number) AS (
      SELECT (\(firstName(">= $1"))), 1::bigint
      UNION ALL
      SELECT (\(firstName("> w.name"))), w.number + 1 FROM written w
      WHERE w.name IS NOT NULL AND w.number < $3
    )
    SELECT l.head, l.log_epoch, n.name, s.* FROM log_head l CROSS JOIN LATERAL (
      SELECT name FROM written WHERE name IS NOT NULL
      UNION
      (
        SELECT name FROM stream_removal WHERE name >= $1 AND name < $2 AND tombstoned
        ORDER BY name LIMIT $3
      )
      ORDER BY name LIMIT $3
    ) n
    CROSS JOIN LATERAL (\(ReadStatements.head(of: "n.name"))) s
    ORDER BY n.name
    """
  )

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
    let epoch = known.epoch
    let (streams, head) = try await reading { storage, head throws(EventLogError) in
      try Self.list(storage, prefix, after, limit, head)
    }
    // They are listed as of one moment: who reads on must see no older log.
    try see(head, in: epoch)
    return streams
  }

  private static func list(
    _ storage: PostgresStorage,
    _ prefix: String,
    _ after: StreamName?,
    _ limit: Int,
    _ head: GlobalPosition
  ) throws(EventLogError) -> (streams: [ListedStream], head: GlobalPosition) {
    let prefix = Array(prefix.utf8)
    // Names hold no NUL: this is the first behind the name. No UTF-8 holds the byte FF.
    let next: [UInt8] = after.map { Array($0.text.utf8) + [0] } ?? []
    let lowest = next.lexicographicallyPrecedes(prefix) ? prefix : next
    let answers = try storage.reading { session throws(PostgresError) in
      try session.run([
        ReadStatements.logHead(),
        list(.bytes(lowest), .bytes(prefix + [0xFF]), .int8(Int64(limit))),
      ])
    }
    if let first = answers.first { try storage.check(first, against: head) }
    // Where there are no streams, there is no row that tells a head.
    guard let rows = answers.last, rows.count > 0 else { return ([], head) }
    try storage.check(rows, against: head)
    let streams = (0..<rows.count).compactMap { row in
      rows.text(row, 2).map { name in
        ListedStream(name: StreamName(name), state: PostgresStorage.head(rows, row, from: 3).state)
      }
    }
    return (streams, PostgresStorage.head(of: rows))
  }
}
