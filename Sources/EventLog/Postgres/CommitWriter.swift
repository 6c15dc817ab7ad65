internal import EventLogCore
internal import Logging
internal import PostgresDriver
internal import Synchronization
internal import WeaveRuntime

// A commit is BEGIN, the rows, the fence and COMMIT in one round trip (many rows are copied in round
// trips of their own). The server runs none behind one that it refuses, and it refuses a fence that
// moves no row: so COMMIT is reached only behind one that moved.
//
//   COMMIT says COMMIT    → written
//   fence moved none      → ROLLBACK    → deposed: nothing was written, and nothing will be
//   a statement refused   → ROLLBACK    → nothing was written; the term ends
//   connection lost       → connect again, raise the leader epoch: that waits for the lost commit,
//                           and no older one can follow it. Then the head tells:
//                             it is the batch's last     → written
//                             it is where it was         → write the batch again
//                             another leads by now       → the batch's first event tells

/// What one term of leadership writes with; reads go to the storage they share.
final class CommitWriter: LogStorage {
  private struct State: ~Copyable {
    var session: PostgresSession?
    var leaderEpoch: Int64
    var head: UInt64
  }

  /// How long a commit tries to learn its outcome before its term ends without it.
  static let patience = Duration.seconds(30)

  /// Names this term in `log_head`; a term that ended never gets its name back.
  let token: String
  /// What lets in requests that others pass on while the term lasts.
  let secret: String
  private let storage: PostgresStorage
  private let settings: PostgresSettings
  private let published: @Sendable (UInt64) -> Void
  private let ended: @Sendable () -> Void
  private let logger: Logger
  // Held by the committer for a whole commit, and by nobody else but `close`, which comes last.
  private let state: Mutex<State>
  private let hasEnded = Atomic(false)

  /// Begins a term that was taken over as `taken` says.
  ///
  /// - published: is told every head that became durable, before anybody is answered.
  /// - ended: is told that the term writes no more.
  init(
    _ taken: LogHead,
    storage: PostgresStorage,
    settings: PostgresSettings,
    logger: Logger,
    published: @escaping @Sendable (UInt64) -> Void,
    ended: @escaping @Sendable () -> Void
  ) {
    token = taken.holder
    secret = taken.secret
    self.storage = storage
    self.settings = settings
    self.logger = logger
    self.published = published
    self.ended = ended
    state = Mutex(State(session: nil, leaderEpoch: taken.leaderEpoch, head: taken.head))
  }

  /// Whether the term writes no more.
  var isOver: Bool { hasEnded.load(ordering: .acquiring) }

  /// Ends the term from outside: its lease is known to be another's.
  func end() { hasEnded.store(true, ordering: .releasing) }

  func write(_ batch: CommitBatch) throws(EventLogError) {
    guard !isOver else { throw .notLeader(address: nil) }
    do throws(EventLogError) {
      try state.withLock { state throws(EventLogError) in try write(batch, &state) }
    } catch {
      end()
      ended()
      logger.warning(
        "the term of a leader ended",
        metadata: [LoggingKeys.error: "\(error)"]
      )
      throw error
    }
    published(batch.lastPosition)
  }

  private static let fenced = PostgresError(
    .unexpected,
    attempt: "move the head",
    found: "another leads the log"
  )

  private func write(
    _ batch: CommitBatch,
    _ state: inout State
  ) throws(EventLogError) {
    let rows = CommitStatements.rows(of: batch)
    let deadline = ContinuousClock.now + Self.patience
    while true {
      var lost: PostgresError
      do throws(PostgresError) {
        guard try commit(rows, batch, &state) else {
          // Deposed: the rows were undone, and no later try of this term can succeed.
          throw Self.fenced
        }
        state.head = batch.lastPosition
        return
      } catch {
        guard error != Self.fenced else { throw .notLeader(address: nil) }
        guard error.endsConnection else { throw EventLogError(error) }
        lost = error
      }
      logger.notice(
        "the connection was lost in a commit",
        metadata: [LoggingKeys.error: "\(lost)", LoggingKeys.head: "\(state.head)"]
      )
      state.session = nil
      if try isWritten(batch, &state, until: deadline, since: &lost) {
        state.head = batch.lastPosition
        return
      }
    }
  }

  /// Tries once, over the session that is there or a new one; false if the fence did not move.
  private func commit(
    _ rows: CommitRows,
    _ batch: CommitBatch,
    _ state: inout State
  ) throws(PostgresError) -> Bool {
    let session = try session(&state)
    let fence = LogHeadStatements.fence(
      .int8(state.leaderEpoch),
      .int8(Int64(bound: state.head)),
      .int8(Int64(bound: batch.lastPosition)),
      .int8(batch.lastRecordedAt.microseconds),
      .int8(Int64(batch.begunStreams))
    )
    do throws(PostgresError) {
      var calls = rows.calls + [fence, PostgresStatement.commit()]
      if rows.copies.isEmpty {
        calls.insert(PostgresStatement.begin(), at: 0)
      } else {
        try session.run(PostgresStatement.begin())
        for copy in rows.copies { try session.copy(copy) }
      }
      let end = try session.run(calls).last?.commandTag ?? "nothing"
      guard end == "COMMIT" else {
        throw PostgresError(.refused, attempt: "commit", found: "the server answered \(end)")
      }
      return true
    } catch {
      // The next user of the session must not find itself inside what is left of this.
      if !error.endsConnection { _ = try? session.run(PostgresStatement.rollback()) }
      guard error.sqlState != LogHeadStatements.fenceHolds else { return false }
      throw error
    }
  }

  // A server whose default is not to wait for the disk is told to; a stronger one is left alone.
  private static let waitForDisk = PostgresStatement(
    "make commits wait for the disk",
    isPrepared: false,
    """
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')
    """
  )

  private func session(_ state: inout State) throws(PostgresError) -> PostgresSession {
    if let session = state.session, session.isOpen { return session }
    let session = try PostgresSession.connect(settings)
    try session.run(Self.waitForDisk())
    state.session = session
    return session
  }

  /// Whether the batch whose commit was lost is there; false if it can be written again.
  private func isWritten(
    _ batch: CommitBatch,
    _ state: inout State,
    until deadline: ContinuousClock.Instant,
    since lost: inout PostgresError
  ) throws(EventLogError) -> Bool {
    let backoff = Backoff(base: .milliseconds(20), cap: .seconds(1))
    var attempt = 0
    while true {
      let found: Found
      do throws(PostgresError) {
        found = try retake(batch, &state)
      } catch {
        guard error.isRetriable else { throw EventLogError(error) }
        if error.endsConnection { state.session = nil }
        lost = error
        found = .nothing
      }
      switch found {
      case .batch: return true
      case .other: throw .notLeader(address: nil)
      case .head(let head) where head == batch.lastPosition: return true
      case .head(let head):
        guard head == state.head else {
          throw .corrupt(
            "the head is \(head) behind a commit from \(state.head) to \(batch.lastPosition)",
            at: GlobalPosition(head)
          )
        }
        return false
      case .nothing: break
      }
      guard ContinuousClock.now < deadline else { throw EventLogError(lost) }
      PostgresWake().wait(for: backoff.delay(attempt: attempt))
      attempt += 1
    }
  }

  private enum Found {
    /// This leads still; the head is there.
    case head(UInt64)
    /// Another leads by now; the batch was written before.
    case batch
    /// Another leads by now; the batch was not written.
    case other
    case nothing
  }

  /// Raises the leader epoch, which waits for the lost commit, and reads what is true behind it.
  private func retake(
    _ batch: CommitBatch,
    _ state: inout State
  ) throws(PostgresError) -> Found {
    let session = try session(&state)
    let rows = try session.run(LogHeadStatements.retake(.int8(0), .text(token)))
    guard rows.count == 1 else {
      return try isFirstThere(of: batch, session) ? .batch : .other
    }
    let head = try LogHead(rows)
    state.leaderEpoch = head.leaderEpoch
    return .head(head.head)
  }

  private static let idAt = PostgresStatement(
    "look for a lost commit",
    "SELECT \(LogMigration.ownID) FROM event WHERE position = $1"
  )

  /// Whether the batch's first event stands at its position; batches are whole or absent.
  private func isFirstThere(
    of batch: CommitBatch,
    _ session: PostgresSession
  ) throws(PostgresError) -> Bool {
    guard let first = batch.requests.first, let event = first.prepared.events.first else {
      return false
    }
    let rows = try session.run(Self.idAt(.int8(Int64(bound: first.firstPosition))))
    return rows.count == 1 && rows.bytes(0, 0) == event.id.bytes
  }

  func close() {
    end()
    state.withLock { state in
      state.session?.close()
      state.session = nil
    }
  }

  // Reads.

  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts] {
    try storage.resolve(questions, at: head)
  }

  func readStream(
    _ stream: NameKey,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int,
    head: GlobalPosition
  ) throws(EventLogError) -> StreamReading {
    try storage.readStream(
      stream,
      from: revision,
      direction: direction,
      limit: limit,
      head: head
    )
  }

  func readAll(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> EventPage {
    try storage.readAll(reading, head: head)
  }

  func places(_ reading: AllReading, head: GlobalPosition) throws(EventLogError) -> PlacePage {
    try storage.places(reading, head: head)
  }

  func events(
    at positions: [GlobalPosition],
    head: GlobalPosition
  ) throws(EventLogError) -> [RecordedEvent] {
    try storage.events(at: positions, head: head)
  }

  func position(of id: EventID) throws(EventLogError) -> GlobalPosition? {
    try storage.position(of: id)
  }

  func tracking(of source: NameKey) throws(EventLogError) -> UInt64? {
    try storage.tracking(of: source)
  }
}

extension CommitBatch {
  /// When the log recorded its last event.
  var lastRecordedAt: Timestamp {
    guard let request = requests.last, let event = request.prepared.events.last else {
      return Timestamp(microseconds: .min)
    }
    return request.prepared.bytes.withUnsafeBytes { bytes in
      let place = event.start + Envelope.Offset.recordedAt
      return Timestamp(microseconds: bytes.littleEndian(Int64.self, at: place))
    }
  }
}
