internal import EventLogCore
internal import PostgresDriver

/// The rows of events.
struct CommitRows: Sendable {
  /// Rows that are copied; none if they are few.
  let copies: [PostgresCopy]
  /// Statements that insert them if they are few.
  let calls: [PostgresCall]
}

/// The statements of a commit: each a few arrays however many rows it makes, or a copy of them.
enum CommitStatements {
  /// From so many events on their rows are copied.
  ///
  /// A third less work to the server, for three round trips more; decision 0008 has the figures.
  static let copiedEvents = 1_000

  private static let events = PostgresStatement(
    "insert events",
    """
    INSERT INTO event (position, stream, revision, id, type, envelope)
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::uuid[], $5::bytea[], $6::bytea[])
    """
  )

  private static let tags = PostgresStatement(
    "insert tags",
    "INSERT INTO event_tag (tag, position) SELECT * FROM unnest($1::bytea[], $2::bigint[])"
  )

  private static let removals = PostgresStatement(
    "write what was removed from streams",
    """
    INSERT INTO stream_removal (name, first, tombstoned, touched_at)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::boolean[], $4::bigint[])
    ON CONFLICT (name) DO UPDATE SET first = excluded.first, tombstoned = excluded.tombstoned,
      touched_at = excluded.touched_at
    """
  )

  private static let marks = PostgresStatement(
    "write marks",
    """
    INSERT INTO tracking (source, position) SELECT * FROM unnest($1::bytea[], $2::bigint[])
    ON CONFLICT (source) DO UPDATE SET position = excluded.position
    """
  )

  /// The rows of the events that are not staged.
  static func rows(of batch: CommitBatch) -> CommitRows {
    let count = batch.unstagedEvents
    guard count > 0 else { return CommitRows(copies: [], calls: []) }
    guard count < copiedEvents else { return CommitRows(copies: copies(of: batch), calls: []) }
    let calls = [insertion(of: batch, count)] + (tagInsertion(of: batch, count).map { [$0] } ?? [])
    return CommitRows(copies: [], calls: calls)
  }

  /// What a batch writes once, beside its events.
  static func removalsAndMarks(of batch: CommitBatch) -> [PostgresCall] {
    var calls: [PostgresCall] = []
    if let removals = removalWrite(of: batch) { calls.append(removals) }
    if !batch.tracking.isEmpty {
      // In one order always, so that two writers could not wait for each other.
      let marks = batch.tracking.sorted {
        $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8)
      }
      calls.append(
        Self.marks(
          .byteArrays(marks.map(\.key.bytes)),
          .int8s(marks.map { Int64(bitPattern: $0.value) })
        )
      )
    }
    return calls
  }

  private static func insertion(of batch: CommitBatch, _ count: Int) -> PostgresCall {
    var positions = PostgresArray(of: .int8, count: count, bytes: count * 8)
    var streams = PostgresArray(of: .bytea, count: count, bytes: count * 24)
    var revisions = PostgresArray(of: .int8, count: count, bytes: count * 8)
    var ids = PostgresArray(of: .uuid, count: count, bytes: count * 16)
    var types = PostgresArray(of: .bytea, count: count, bytes: count * 24)
    var envelopes = PostgresArray(of: .bytea, count: count, bytes: batch.byteCount)
    batch.forEachEvent { position, visited in
      let event = visited.event
      positions.append(position)
      if let stream = visited.request.stream(of: event) {
        stream.text.withBytes { streams.append($0) }
        revisions.append(event.revision)
      } else {
        streams.appendNull()
        revisions.appendNull()
      }
      if event.id.names(position) {
        ids.appendNull()
      } else {
        ids.appendUUID(high: event.id.high, low: event.id.low)
      }
      types.append(Envelope.type(of: visited.envelope))
      envelopes.append(visited.envelope)
    }
    return events(
      positions.value,
      streams.value,
      revisions.value,
      ids.value,
      types.value,
      envelopes.value
    )
  }

  /// Nil if no event bears a tag.
  private static func tagInsertion(of batch: CommitBatch, _ count: Int) -> PostgresCall? {
    var tags = PostgresArray(of: .bytea, count: count, bytes: count * 24)
    var positions = PostgresArray(of: .int8, count: count, bytes: count * 8)
    var hasTags = false
    batch.forEachEvent { position, visited in
      forEachIndexedTag(of: visited.envelope) { tag in
        tags.append(tag)
        positions.append(position)
        hasTags = true
      }
    }
    return hasTags ? Self.tags(tags.value, positions.value) : nil
  }

  /// Nil if nothing was removed from any stream of the batch.
  private static func removalWrite(of batch: CommitBatch) -> PostgresCall? {
    let heads = batch.heads.filter { $0.value.hasRemovals }
      .sorted { $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8) }
    guard !heads.isEmpty else { return nil }
    var tombstones = PostgresArray(of: .bool, count: heads.count, bytes: heads.count)
    for (_, head) in heads { tombstones.append(UInt8(head.isTombstoned ? 1 : 0)) }
    return removals(
      .byteArrays(heads.map(\.key.bytes)),
      .int8s(heads.map { Int64(bound: $0.value.first) }),
      tombstones.value,
      .int8s(heads.map { Int64(bound: $0.value.touchedAt) })
    )
  }
}
