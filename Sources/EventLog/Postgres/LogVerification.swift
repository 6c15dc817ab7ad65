internal import EventLogCore
internal import PostgresDriver

/// Checks that the events are whole and contiguous, and that the columns and tables beside them
/// say what the envelopes say.
struct LogVerification {
  /// Events read at once.
  private static let chunkEvents: Int64 = 4096

  private let storage: PostgresStorage
  private let head: GlobalPosition

  init(_ storage: PostgresStorage, head: GlobalPosition) {
    self.storage = storage
    self.head = head
  }

  private static let chunk = PostgresStatement(
    "verify events",
    """
    SELECT position, stream, revision, id, type, envelope FROM (
      SELECT *, sum(octet_length(envelope)) OVER (ORDER BY position) - octet_length(envelope)
        AS before
      FROM (
        SELECT * FROM event WHERE position >= $1 AND position <= $2 ORDER BY position LIMIT $3
      ) c
    ) b WHERE before < $4 ORDER BY position
    """
  )

  /// How many of the tags are there, of those events.
  private static let tags = PostgresStatement(
    "verify tags",
    """
    SELECT count(*) FROM unnest($1::bytea[], $2::bigint[]) AS u(tag, position)
    WHERE EXISTS (SELECT FROM event_tag t WHERE t.tag = u.tag AND t.position = u.position)
    """
  )

  private static let totals = PostgresStatement(
    "verify totals",
    """
    SELECT (SELECT count(*) FROM event_tag WHERE position <= $1),
      (SELECT count(*) FROM event WHERE position <= $1),
      (SELECT count(*) FROM stream_head WHERE last IS NOT NULL AND touched_at <= $1),
      (SELECT streams FROM log_head)
    """
  )

  /// What was gathered over the whole log.
  private struct Gathered {
    var tags: Int64 = 0
    var lasts: [NameKey: UInt64] = [:]
    var marks: [NameKey: UInt64] = [:]
    var time = Timestamp(microseconds: .min)
  }

  func run(progress: (UInt64) -> Void) throws(EventLogError) {
    var gathered = Gathered()
    var next: UInt64 = 1
    while next <= head.number {
      let first = next
      let rows = try storage.reading { session throws(PostgresError) in
        try session.run(
          Self.chunk(
            .int8(Int64(bound: first)),
            .int8(Int64(bound: head.number)),
            .int8(Self.chunkEvents),
            .int8(Int64(EventLogLimits.pageBytes))
          )
        )
      }
      guard rows.count > 0 else {
        throw .corrupt("there is no event", at: GlobalPosition(next))
      }
      next = try check(rows, from: first, &gathered)
      progress(next - 1)
    }
    try checkHeads(gathered)
    try checkTotals(gathered)
  }

  private func check(
    _ rows: PostgresRows,
    from first: UInt64,
    _ gathered: inout Gathered
  ) throws(EventLogError) -> UInt64 {
    var position = first
    var tags: [[UInt8]] = []
    var positions: [Int64] = []
    for row in 0..<rows.count {
      let place = GlobalPosition(position)
      guard rows.integer(row, 0) == Int64(bound: position) else {
        throw .corrupt("positions are not contiguous", at: place)
      }
      let event = try PostgresStorage.event(rows, row, 5, at: position)
      let stream = event.stream.map { NameKey($0) }
      guard rows.bytes(row, 1) == stream?.bytes,
        rows.integer(row, 2) == event.revision.map({ Int64(bound: $0.number) }),
        rows.bytes(row, 3) == event.id.bytes, rows.bytes(row, 4) == Array(event.type.text.utf8)
      else { throw .corrupt("the columns disagree with the envelope", at: place) }
      guard event.recordedAt >= gathered.time else {
        throw .corrupt("the time of the event lies before that of its predecessor", at: place)
      }
      gathered.time = event.recordedAt
      if let stream, let revision = event.revision?.number {
        let expected = gathered.lasts[stream].map { $0 + 1 } ?? 0
        guard revision == expected else {
          throw .corrupt("stream '\(stream.text)' lacks revision \(expected)", at: place)
        }
        gathered.lasts[stream] = revision
      }
      if let tracking = event.tracking {
        gathered.marks[NameKey(tracking.source)] = tracking.position
      }
      for tag in Set(event.tags.map { Array($0.text.utf8) }) {
        tags.append(tag)
        positions.append(Int64(bound: position))
      }
      position += 1
    }
    let count = Int64(tags.count)
    gathered.tags += count
    if count > 0 {
      let call = Self.tags(.byteArrays(tags), .int8s(positions))
      let found = try storage.reading { session throws(PostgresError) in try session.run(call) }
      guard found.integer(0, 0) == count else {
        throw .corrupt("the index of tags disagrees", at: GlobalPosition(first))
      }
    }
    return position
  }

  private func checkHeads(_ gathered: Gathered) throws(EventLogError) {
    var rest = Array(gathered.lasts.keys)[...]
    while !rest.isEmpty {
      let streams = Array(rest.prefix(Int(Self.chunkEvents)))
      rest = rest.dropFirst(streams.count)
      let heads = try storage.heads(of: streams)
      for stream in streams {
        guard let stored = heads[stream]?.last, stored >= gathered.lasts[stream] ?? 0 else {
          throw .corrupt("the head of stream '\(stream.text)' is behind its events", at: nil)
        }
      }
    }
    for (source, mark) in gathered.marks {
      guard let stored = try storage.tracking(of: source), stored >= mark else {
        throw .corrupt("the mark of source '\(source.text)' is behind its events", at: nil)
      }
    }
  }

  private func checkTotals(_ gathered: Gathered) throws(EventLogError) {
    let rows = try storage.reading { session throws(PostgresError) in
      try session.run(Self.totals(.int8(Int64(bound: head.number))))
    }
    guard rows.integer(0, 0) == gathered.tags else {
      throw .corrupt("the index of tags holds what no event bears", at: nil)
    }
    guard rows.integer(0, 1) == Int64(bound: head.number) else {
      throw .corrupt("there are events outside the log's positions", at: nil)
    }
    guard let streams = rows.integer(0, 3), streams >= Int64(gathered.lasts.count) else {
      throw .corrupt("the count of streams is behind the streams", at: nil)
    }
  }
}
