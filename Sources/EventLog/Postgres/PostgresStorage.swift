internal import EventLogCore
internal import PostgresDriver

/// The log's tables as the reads see them.
///
/// What is asked for lies at or before a head that was published after its commit, and events do
/// not change: no read needs a transaction. Every page also reads `log_head` in its own statement,
/// and facts are read behind it: a server that is behind (a replica) or in another epoch (an
/// old primary, or a new one that was not judged yet) is found out rather than believed.
final class PostgresStorage: LogStorage {
  let pool: PostgresPool
  /// What questions without a head of their own are answered at or beyond.
  private let known: KnownHead
  /// Is told that a server is in another epoch than the known one.
  private let differs: @Sendable () -> Void

  init(
    _ pool: PostgresPool,
    known: KnownHead,
    differs: @escaping @Sendable () -> Void = {}
  ) {
    self.pool = pool
    self.known = known
    self.differs = differs
  }

  func write(_ batch: CommitBatch) throws(EventLogError) { throw .notLeader(address: nil) }

  func position(of id: EventID) throws(EventLogError) -> GlobalPosition? {
    let head = GlobalPosition(known.number)
    return try look(for: [], [], [id], upTo: .max, at: head).ids[id].map {
      GlobalPosition($0.position)
    }
  }

  func tracking(of source: NameKey) throws(EventLogError) -> UInt64? {
    let head = GlobalPosition(known.number)
    return try look(for: [], [source], [], upTo: 0, at: head).sources[source]
  }

  func close() { pool.close() }

  func reading<R>(
    _ body: (PostgresSession) throws(PostgresError) -> R
  ) throws(EventLogError) -> R {
    try storing { () throws(PostgresError) in try pool.reading(body) }
  }

  /// Refuses what a server says that is in another epoch than the known one, or behind the head
  /// that was published; an answer begins with its own head and epoch.
  ///
  /// The sessions with it are given up: the pool would lend the last one first, for ever.
  func check(_ rows: PostgresRows, against head: GlobalPosition) throws(EventLogError) {
    guard rows.count > 0, let found = rows.integer(0, 0), let epoch = rows.integer(0, 1) else {
      throw .corrupt("the log's head is not there", at: nil)
    }
    guard UInt64(bitPattern: epoch) == known.epoch else {
      pool.renew()
      differs()
      throw .unavailable("the server is in another epoch of the log; read again")
    }
    guard found >= Int64(bound: head.number) else {
      pool.renew()
      throw .unavailable("the server is at \(found), the log is at \(head): it reads a copy")
    }
  }

  /// Takes in the head of an answer that was checked and shows what is removed: its removal may stand
  /// behind the head that was published when it was asked.
  func see(_ rows: PostgresRows, beyond head: GlobalPosition) throws(EventLogError) {
    let found = Self.head(of: rows)
    guard found > head, let epoch = rows.integer(0, 1) else { return }
    guard known.raise(to: found.number, in: UInt64(bitPattern: epoch)) else {
      throw .unavailable("the log began an epoch meanwhile; read again")
    }
  }

  /// The log's head as an answer tells it that was checked.
  static func head(of rows: PostgresRows) -> GlobalPosition {
    GlobalPosition(rows.integer(0, 0).map { UInt64(bitPattern: $0) } ?? 0)
  }

  /// An envelope where it lies in an answer, checked.
  static func event(
    _ rows: PostgresRows,
    _ row: Int,
    _ column: Int,
    at position: UInt64
  ) throws(EventLogError) -> RecordedEvent {
    let bytes = rows.withBytes(row, column) { Array($0) }
    if let damage = bytes.withUnsafeBytes({ Envelope.damage(in: $0) }) {
      throw .corrupt(damage, at: GlobalPosition(position))
    }
    let event = RecordedEvent(checked: bytes, start: 0, count: bytes.count)
    guard event.position.number == position else {
      throw .corrupt("another event is in its place", at: GlobalPosition(position))
    }
    return event
  }
}

// Cold facts, for everything that waits at once: one round trip.
extension PostgresStorage {
  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts] {
    let streams = Array(Set(questions.flatMap(\.streams)))
    let sources = Array(Set(questions.flatMap(\.sources)))
    let ids = Array(Set(questions.flatMap(\.ids)))
    let found = try look(for: streams, sources, ids, upTo: head.number, at: head)
    var answers: [ColdFacts] = []
    answers.reserveCapacity(questions.count)
    for asked in questions {
      var facts = ColdFacts(head: head.number)
      for stream in asked.streams { facts.streams[stream] = found.streams[stream] ?? .neverWritten }
      for source in asked.sources { facts.sources[source] = .some(found.sources[source]) }
      for id in asked.ids { if let known = found.ids[id] { facts.ids[id] = known } }
      answers.append(facts)
    }
    return answers
  }

  private struct Found {
    var streams: [NameKey: StreamHead] = [:]
    var sources: [NameKey: UInt64] = [:]
    var ids: [EventID: KnownEvent] = [:]
  }

  /// Looks facts up, of which ids that name their positions only up to `last`; the server is at `head`
  /// or beyond it.
  private func look(
    for streams: [NameKey],
    _ sources: [NameKey],
    _ ids: [EventID],
    upTo last: UInt64,
    at head: GlobalPosition
  ) throws(EventLogError) -> Found {
    var calls: [PostgresCall] = []
    if !streams.isEmpty { calls.append(ReadStatements.heads(.byteArrays(streams.map(\.bytes)))) }
    if !sources.isEmpty { calls.append(ReadStatements.tracking(.byteArrays(sources.map(\.bytes)))) }
    if !ids.isEmpty {
      var array = PostgresArray(of: .uuid, count: ids.count, bytes: ids.count * 16)
      for id in ids { array.appendUUID(high: id.high, low: id.low) }
      calls.append(ReadStatements.knownIDs(array.value))
    }
    // Few ids of callers name a position that there is.
    let places = ids.compactMap(\.place).filter { $0 <= last }
    if !places.isEmpty {
      calls.append(ReadStatements.namedEvents(.int8s(places.map { Int64(bound: $0) })))
    }
    var found = Found()
    guard !calls.isEmpty else { return found }
    let ready = [ReadStatements.logHead()] + calls
    var answers = try reading { session throws(PostgresError) in try session.run(ready) }[...]
    if let rows = answers.popFirst() { try check(rows, against: head) }
    if !streams.isEmpty, let rows = answers.popFirst() {
      for row in 0..<rows.count {
        guard let name = rows.text(row, 0) else { continue }
        found.streams[NameKey(name)] = Self.head(rows, row, from: 1)
      }
    }
    if !sources.isEmpty, let rows = answers.popFirst() {
      for row in 0..<rows.count {
        guard let source = rows.text(row, 0), let mark = rows.integer(row, 1) else { continue }
        found.sources[NameKey(source)] = UInt64(bitPattern: mark)
      }
    }
    // Both answers of ids have the same columns.
    let wanted = Set(ids)
    while let rows = answers.popFirst() {
      for row in 0..<rows.count {
        guard let id = rows.bytes(row, 0).flatMap({ EventID(bytes: $0) }), wanted.contains(id),
          let position = rows.integer(row, 1), let type = rows.text(row, 4)
        else { continue }
        found.ids[id] = KnownEvent(
          position: UInt64(bitPattern: position),
          stream: rows.text(row, 2).map { NameKey($0) },
          revision: rows.integer(row, 3).map { UInt64(bitPattern: $0) },
          type: EventType(type)
        )
      }
    }
    return found
  }

  /// A stream's head from four columns; `neverWritten` where they are null.
  static func head(_ rows: PostgresRows, _ row: Int, from column: Int) -> StreamHead {
    guard let first = rows.integer(row, column + 1) else { return .neverWritten }
    return StreamHead(
      last: rows.integer(row, column).map { UInt64(bitPattern: $0) },
      first: UInt64(bitPattern: first),
      isTombstoned: rows.bool(row, column + 2) ?? false,
      touchedAt: UInt64(bitPattern: rows.integer(row, column + 3) ?? 0)
    )
  }
}

extension NameKey {
  var bytes: [UInt8] { Array(text.utf8) }
}
