internal import EventLogCore
internal import PostgresDriver

/// Checks that the events are whole and contiguous, that the columns and tables beside them say what
/// the envelopes say, and that the tables hold nothing else.
///
/// Appends go on meanwhile. What lies at or before a head does not change, so events are read without a
/// view of one moment: while one is held, no version of the one row of `log_head` can be cleared away,
/// of which each commit leaves one and each page looks at all. What came since the beginning, and what
/// the tables beside the events say, is read as of one moment.
///
/// No statement looks at more rows than a chunk has: the server gives each the same time, however large
/// the log is.
struct LogVerification {
  /// Rows read at once.
  static let chunkRows: Int64 = 4096

  private let storage: PostgresStorage
  private let session: PostgresSession
  private let rowsAtOnce: Int64

  private static let begin = PostgresStatement(
    "begin a verification",
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
  )

  private static let end = PostgresStatement(
    "read the log's end",
    "SELECT head, log_epoch, last_recorded_at, streams FROM log_head"
  )

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

  private static let wasThere = PostgresStatement(
    "verify a truncation",
    "SELECT EXISTS (SELECT FROM event WHERE stream = $1 AND revision = $2 AND position < $3)"
  )

  private static let removals = PostgresStatement(
    "verify what was removed from streams",
    """
    SELECT name, NULL::bigint, first, tombstoned, touched_at FROM stream_removal
    WHERE name > $1 ORDER BY name LIMIT $2
    """
  )

  private static let marks = PostgresStatement(
    "verify marks",
    "SELECT source, position FROM tracking WHERE source > $1 ORDER BY source LIMIT $2"
  )

  /// Whether there are events before the first position or behind $1.
  private static let outside = PostgresStatement(
    "verify the log's ends",
    """
    SELECT EXISTS (SELECT FROM event WHERE position < 1)
      OR EXISTS (SELECT FROM event WHERE position > $1)
    """
  )

  /// The next $3 rows of the index of tags behind tag $1 and position $2: how many are of events up to
  /// $4, how many of none that the log has by now, and the last of them.
  private static let tagRows = PostgresStatement(
    "count the index of tags",
    """
    WITH page AS (
      SELECT tag, position FROM event_tag WHERE (tag, position) > ($1, $2)
      ORDER BY tag, position LIMIT $3
    )
    SELECT l.head, l.log_epoch, c.known, c.strays, e.tag, e.position
    FROM log_head l
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE position <= $4) AS known,
        count(*) FILTER (WHERE position > l.head) AS strays
      FROM page
    ) c
    LEFT JOIN LATERAL (
      SELECT tag, position FROM page ORDER BY tag DESC, position DESC LIMIT 1
    ) e ON true
    """
  )

  /// What the events come to.
  private struct Gathered {
    /// The last of them.
    var position: UInt64 = 0
    var tags: Int64 = 0
    /// How many streams begin.
    var streams: Int64 = 0
    /// Of the streams alone that lost events, or were to lose some.
    var removed: [NameKey: StreamHead] = [:]
    var marks: [NameKey: UInt64] = [:]
    var time = Timestamp(microseconds: .min)
  }

  /// Checks the whole log over one session of the pool, with a server that is at `published` or beyond.
  ///
  /// - Throws: `.corrupt` at the first disagreement, which names the table.
  static func run(
    _ storage: PostgresStorage,
    at published: GlobalPosition,
    rowsAtOnce: Int64 = LogVerification.chunkRows,
    progress: (UInt64) throws(EventLogError) -> Void
  ) throws(EventLogError) {
    let outcome = try storing { () throws(PostgresError) -> Result<Void, EventLogError> in
      // Only the beginning can throw here: a session that was lost while idle is replaced.
      try storage.pool.reading { session throws(PostgresError) in
        let beginning = try session.run(end())
        let outcome: Result<Void, EventLogError>
        do throws(EventLogError) {
          try storage.check(beginning, against: published)
          let verification = LogVerification(
            storage: storage,
            session: session,
            rowsAtOnce: rowsAtOnce
          )
          outcome = .success(try verification.check(since: beginning, progress))
        } catch {
          outcome = .failure(error)
        }
        // A session that was lost has no transaction to end.
        if session.isInTransaction { _ = try? session.run(PostgresStatement.rollback()) }
        return outcome
      }
    }
    try outcome.get()
  }

  private func check(
    since beginning: PostgresRows,
    _ progress: (UInt64) throws(EventLogError) -> Void
  ) throws(EventLogError) {
    var gathered = Gathered()
    try checkEvents(through: PostgresStorage.head(of: beginning), &gathered, progress)
    // Again and again, so that little is left for the one moment; but not for ever, where events come
    // as quickly as they are checked.
    var left = gathered.position
    while true {
      let head = PostgresStorage.head(of: try rows(Self.end(), beyond: gathered))
      let came = head.number - gathered.position
      guard came > UInt64(rowsAtOnce), came < left else { break }
      left = came
      try checkEvents(through: head, &gathered, progress)
    }
    _ = try rows(Self.begin())
    let last = try rows(Self.end(), beyond: gathered)
    try checkEvents(through: PostgresStorage.head(of: last), &gathered, progress)
    try checkRemovals(gathered, streams: last.integer(0, 3) ?? 0)
    try checkMarks(gathered)
    try checkEnds(gathered)
    guard last.integer(0, 2) == gathered.time.microseconds else {
      throw .corrupt("the time of the log's head is not that of its last event", at: nil)
    }
    _ = try rows(PostgresStatement.rollback())
    try checkTags(gathered)
  }

  private func rows(_ call: PostgresCall) throws(EventLogError) -> PostgresRows {
    try storing { () throws(PostgresError) in try session.run(call) }
  }

  /// Answers that begin with the head and the epoch of a server, which is to have what was checked.
  private func rows(
    _ call: PostgresCall,
    beyond gathered: Gathered
  ) throws(EventLogError) -> PostgresRows {
    let found = try rows(call)
    try storage.check(found, against: GlobalPosition(gathered.position))
    return found
  }

  private func checkEvents(
    through head: GlobalPosition,
    _ gathered: inout Gathered,
    _ progress: (UInt64) throws(EventLogError) -> Void
  ) throws(EventLogError) {
    while gathered.position < head.number {
      let next = gathered.position + 1
      let chunk = Self.chunk(
        .int8(Int64(bound: next)),
        .int8(Int64(bound: head.number)),
        .int8(rowsAtOnce),
        .int8(Int64(EventLogLimits.pageBytes))
      )
      let answers = try storing { () throws(PostgresError) in
        try session.run([ReadStatements.logHead(), chunk])
      }
      // What a server lacks that has lost it, or never had it, is no damage.
      if let first = answers.first { try storage.check(first, against: head) }
      guard let found = answers.last, found.count > 0 else {
        throw .corrupt("there is no event", at: GlobalPosition(next))
      }
      try check(found, &gathered)
      try progress(gathered.position)
    }
  }

  private func check(
    _ rows: PostgresRows,
    _ gathered: inout Gathered
  ) throws(EventLogError) {
    let first = gathered.position + 1
    var tags: [[UInt8]] = []
    var positions: [Int64] = []
    var steps = StreamSteps()
    for row in 0..<rows.count {
      let position = first + UInt64(row)
      let place = GlobalPosition(position)
      guard rows.integer(row, 0) == Int64(bound: position) else {
        throw .corrupt("positions are not contiguous", at: place)
      }
      let event = try PostgresStorage.event(rows, row, 5, at: position)
      let stream = event.stream.map { NameKey($0) }
      // An older form has every id here.
      let hasID = rows.bytes(row, 3).map { $0 == event.id.bytes } ?? event.id.names(position)
      guard hasID, rows.bytes(row, 1) == stream?.bytes,
        rows.integer(row, 2) == event.revision.map({ Int64(bound: $0.number) }),
        rows.bytes(row, 4) == Array(event.type.text.utf8)
      else { throw .corrupt("the columns disagree with the envelope", at: place) }
      guard event.recordedAt >= gathered.time else {
        throw .corrupt("the time of the event lies before that of its predecessor", at: place)
      }
      gathered.time = event.recordedAt
      if let stream, let revision = event.revision?.number {
        try steps.take(revision, of: stream, at: place)
        if revision == 0 { gathered.streams += 1 }
        try note(event, in: stream, &gathered)
      }
      if let tracking = event.tracking {
        gathered.marks[NameKey(tracking.source)] = tracking.position
      }
      for tag in Set(event.tags.map { Array($0.text.utf8) }) {
        tags.append(tag)
        positions.append(Int64(bound: position))
      }
      gathered.position = position
    }
    if let question = steps.question { try StreamSteps.check(try self.rows(question)) }
    let count = Int64(tags.count)
    gathered.tags += count
    if count > 0 {
      let found = try self.rows(Self.tags(.byteArrays(tags), .int8s(positions)))
      guard found.integer(0, 0) == count else {
        throw .corrupt("the index of tags disagrees", at: GlobalPosition(first))
      }
    }
  }

  /// Follows what is removed from streams as the appender did.
  private func note(
    _ event: RecordedEvent,
    in stream: NameKey,
    _ gathered: inout Gathered
  ) throws(EventLogError) {
    let position = event.position.number
    gathered.removed[stream]?.touchedAt = position
    let removal = event.withData {
      Removal(stream: stream.text, type: event.type.text, data: $0)
    }
    guard let removal else { return }
    var state = gathered.removed[removal.stream] ?? .neverWritten
    if case .truncate(let removed, let bound) = removal {
      let count = try written(in: removed, below: bound, before: position)
      state.last = count == 0 ? nil : count - 1
    }
    state.apply(removal, at: position)
    gathered.removed[removal.stream] = state
  }

  /// How many revisions below a bound a stream had before a position: they are without a gap.
  private func written(
    in stream: NameKey,
    below bound: UInt64,
    before position: UInt64
  ) throws(EventLogError) -> UInt64 {
    var least: UInt64 = 0
    // There are no more events than positions.
    var most = min(bound, position - 1)
    // Mostly all that was to be removed was there: that is one look.
    var tried = most
    while least < most {
      let found = try rows(
        Self.wasThere(
          .bytes(stream.bytes),
          .int8(Int64(bound: tried - 1)),
          .int8(Int64(bound: position))
        )
      )
      if found.bool(0, 0) == true { least = tried } else { most = tried - 1 }
      tried = least + (most - least + 1) / 2
    }
    return least
  }

  private func checkRemovals(
    _ gathered: Gathered,
    streams: Int64
  ) throws(EventLogError) {
    var after: [UInt8] = []
    var count = 0
    while true {
      let found = try rows(Self.removals(.bytes(after), .int8(rowsAtOnce)))
      for row in 0..<found.count {
        let key = NameKey(found.text(row, 0) ?? "")
        let stored = PostgresStorage.head(found, row, from: 1)
        guard let expected = gathered.removed[key], stored.first == expected.first,
          stored.isTombstoned == expected.isTombstoned, stored.touchedAt == expected.touchedAt
        else {
          throw .corrupt("the row of stream '\(key.text)' disagrees with its removals", at: nil)
        }
        count += 1
      }
      guard found.count > 0, let last = found.bytes(found.count - 1, 0) else { break }
      after = last
    }
    let removed = gathered.removed.values.count { $0.hasRemovals }
    guard count == removed else {
      throw .corrupt("the rows of \(removed - count) removals are missing", at: nil)
    }
    guard streams == gathered.streams else {
      throw .corrupt(
        "the count of streams disagrees with the \(gathered.streams) that there are",
        at: nil
      )
    }
  }

  private func checkMarks(_ gathered: Gathered) throws(EventLogError) {
    var after: [UInt8] = []
    var count = 0
    while true {
      let found = try rows(Self.marks(.bytes(after), .int8(rowsAtOnce)))
      for row in 0..<found.count {
        let source = found.text(row, 0) ?? ""
        guard let mark = found.integer(row, 1),
          gathered.marks[NameKey(source)] == UInt64(bitPattern: mark)
        else {
          throw .corrupt("the mark of source '\(source)' disagrees with its events", at: nil)
        }
        count += 1
      }
      guard found.count > 0, let last = found.bytes(found.count - 1, 0) else { break }
      after = last
    }
    guard count == gathered.marks.count else {
      throw .corrupt("the mark of a source is missing", at: nil)
    }
  }

  /// Every position up to the head was there.
  private func checkEnds(_ gathered: Gathered) throws(EventLogError) {
    let found = try rows(Self.outside(.int8(Int64(bound: gathered.position))))
    guard found.bool(0, 0) == false else {
      throw .corrupt("there are events outside the log's positions", at: nil)
    }
  }

  /// Every tag of the events was there; rows of events that came since do not count.
  private func checkTags(_ gathered: Gathered) throws(EventLogError) {
    var after: (tag: [UInt8], position: Int64) = ([], .min)
    var known: Int64 = 0
    while true {
      let found = try rows(
        Self.tagRows(
          .bytes(after.tag),
          .int8(after.position),
          .int8(rowsAtOnce),
          .int8(Int64(bound: gathered.position))
        ),
        beyond: gathered
      )
      known += found.integer(0, 2) ?? 0
      guard known <= gathered.tags, found.integer(0, 3) == 0 else { break }
      guard let tag = found.bytes(0, 4), let position = found.integer(0, 5) else {
        if known == gathered.tags { return }
        break
      }
      after = (tag, position)
    }
    throw .corrupt("the index of tags holds what no event bears", at: nil)
  }
}
