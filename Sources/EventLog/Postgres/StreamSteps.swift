internal import EventLogCore
internal import PostgresDriver

/// How streams go on in a chunk of events that is verified: each event lies behind the one with the
/// revision before its own.
///
/// Where that lies before the chunk, the table is asked for it. So no stream is remembered from chunk
/// to chunk, of which a log may have as many as it has events.
struct StreamSteps {
  /// The last revision of each stream in the chunk.
  private var last: [NameKey: UInt64] = [:]
  // Of what must lie before the chunk: stream, revision, and the position of the event behind it.
  private var streams: [[UInt8]] = []
  private var revisions: [Int64] = []
  private var positions: [Int64] = []

  private static let firstGap = PostgresStatement(
    "verify streams",
    """
    SELECT u.stream, u.revision, u.position
    FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS u(stream, revision, position)
    WHERE NOT EXISTS (
      SELECT FROM event e
      WHERE e.stream = u.stream AND e.revision = u.revision AND e.position < u.position
    )
    ORDER BY u.position LIMIT 1
    """
  )

  /// Takes the next event of a stream.
  mutating func take(
    _ revision: UInt64,
    of stream: NameKey,
    at position: GlobalPosition
  ) throws(EventLogError) {
    if let before = last[stream] {
      guard revision > 0, revision - 1 == before else {
        throw Self.gap(stream.text, before &+ 1, position)
      }
    } else if revision > 0 {
      streams.append(stream.bytes)
      revisions.append(Int64(bound: revision - 1))
      positions.append(Int64(bound: position.number))
    }
    last[stream] = revision
  }

  /// What is to be asked for behind the last event; nil if nothing is.
  var question: PostgresCall? {
    guard !streams.isEmpty else { return nil }
    return Self.firstGap(.byteArrays(streams), .int8s(revisions), .int8s(positions))
  }

  /// Sees what was answered.
  static func check(_ answer: PostgresRows) throws(EventLogError) {
    guard answer.count > 0 else { return }
    throw gap(
      answer.text(0, 0) ?? "",
      UInt64(bitPattern: answer.integer(0, 1) ?? 0),
      GlobalPosition(UInt64(bitPattern: answer.integer(0, 2) ?? 0))
    )
  }

  private static func gap(
    _ stream: String,
    _ revision: UInt64,
    _ position: GlobalPosition
  ) -> EventLogError {
    .corrupt("stream '\(stream)' lacks revision \(revision)", at: position)
  }
}
