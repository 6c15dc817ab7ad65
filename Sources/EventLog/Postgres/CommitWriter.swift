internal import EventLogCore
internal import Logging
internal import PostgresDriver
internal import Synchronization
internal import WeaveRuntime

// A commit is BEGIN, the rows, the fence and COMMIT in one round trip (many rows are copied in round
// trips of their own). The server runs none behind one that it refuses, and it refuses a fence that
// moves no row: so COMMIT is reached only behind one that moved.
//
// While one commit is written, the rows of the next are inserted over another session (a lane). Its
// fence is sent when the one before is durable, so that fences follow each other as commits do.
//
// The fence holds on the server of the term. After a failover another may have the row as it was
// when the term had not ended, so each session is looked at when it is made: it keeps its server.
//
//   COMMIT says COMMIT    → written
//   fence moved none      → ROLLBACK    → deposed: nothing was written, and nothing will be
//   a statement refused   → ROLLBACK    → nothing was written; the term ends
//   connection lost       → connect again, raise the leader epoch: that waits for the lost commit,
//                           and no older one can follow it. Then the head tells:
//                             it is the batch's last     → written
//                             it is where it was         → write the batch again
//                             another leads by now       → the batch's events tell

/// What one term of leadership writes with; reads go to the storage they share.
final class CommitWriter: LogStorage {
  private struct State: ~Copyable {
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
  private let patience: Duration
  // Held by the committer for a whole commit, and by nobody else but `close`, which comes last.
  private let state: Mutex<State>
  /// Sessions between two commits: of the lane that is written and the one that is filled.
  private let idle = Mutex<[PostgresSession]>([])
  private let hasEnded = Atomic(false)

  /// Begins a term that was taken over as `taken` says.
  ///
  /// - patience: how long a commit is tried.
  /// - published: is told every head that became durable, before anybody is answered.
  /// - ended: is told that the term writes no more.
  init(
    _ taken: LogHead,
    storage: PostgresStorage,
    settings: PostgresSettings,
    logger: Logger,
    patience: Duration = CommitWriter.patience,
    published: @escaping @Sendable (UInt64) -> Void,
    ended: @escaping @Sendable () -> Void
  ) {
    token = taken.holder
    secret = taken.secret
    self.storage = storage
    self.settings = settings
    self.logger = logger
    self.patience = patience
    self.published = published
    self.ended = ended
    state = Mutex(State(leaderEpoch: taken.leaderEpoch, head: taken.head))
  }

  /// Whether the term writes no more.
  var isOver: Bool { hasEnded.load(ordering: .acquiring) }

  /// Ends the term from outside: its lease is known to be another's.
  func end() { hasEnded.store(true, ordering: .releasing) }

  /// So many events are worth a statement of their own while the commit before is written.
  ///
  /// A statement costs the server as much as three or four events.
  static let laneEvents = 16

  func stage(_ batch: inout CommitBatch) throws(EventLogError) {
    guard !isOver, batch.unstagedEvents >= Self.laneEvents else { return }
    try storing { () throws(PostgresError) in
      let lane: CommitLane
      if let begun = batch.staged as? CommitLane {
        lane = begun
      } else {
        lane = CommitLane(try takeSession())
        batch.staged = lane
      }
      try lane.add(CommitStatements.rows(of: batch))
    }
    batch.stagedRequests = batch.requests.count
  }

  /// The rows of a hundred events take the server two milliseconds, whatever its disk does.
  var slowCommit: Duration { .milliseconds(4) }

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
    let deadline = ContinuousClock.now + patience
    let backoff = Backoff(base: .milliseconds(20), cap: .seconds(1))
    var attempt = 0
    while true {
      var lost: PostgresError
      do throws(PostgresError) {
        guard try commit(batch, &state) else {
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
      if try isWritten(batch, &state, until: deadline, since: &lost) {
        state.head = batch.lastPosition
        return
      }
      // Nothing of it is there. A server that breaks off whenever it comes is not tried for ever.
      guard ContinuousClock.now < deadline else { throw .unavailable("\(lost)") }
      Thread.sleep(for: backoff.delay(attempt: attempt))
      attempt += 1
    }
  }

  /// Tries once, over the batch's lane or a session of its own; false if the fence did not move.
  private func commit(
    _ batch: CommitBatch,
    _ state: inout State
  ) throws(PostgresError) -> Bool {
    var batch = batch
    let lane: CommitLane
    if let begun = batch.staged as? CommitLane, begun.isSound {
      lane = begun
    } else {
      // What a lane had taken in was undone with its session: all rows are written anew.
      batch.stagedRequests = 0
      lane = CommitLane(try takeSession())
    }
    let fence = LogHeadStatements.fence(
      .int8(state.leaderEpoch),
      .int8(Int64(bound: state.head)),
      .int8(Int64(bound: batch.lastPosition)),
      .int8(batch.lastRecordedAt.microseconds),
      .int8(Int64(batch.begunStreams))
    )
    do throws(PostgresError) {
      let last = CommitStatements.removalsAndMarks(of: batch) + [fence, PostgresStatement.commit()]
      giveBack(try lane.commit(CommitStatements.rows(of: batch), last))
      return true
    } catch {
      switch error.sqlState {
      case LogHeadStatements.fenceHolds: return false
      // The next leader's events are there already.
      case Self.uniqueViolation where try !leads(state): return false
      default: throw error
      }
    }
  }

  private static let uniqueViolation = "23505"

  /// Whether nobody has moved the head or led since this term's last commit.
  private func leads(_ state: borrowing State) throws(PostgresError) -> Bool {
    let session = try takeSession()
    let found = try LogHead(session.run(LogHeadStatements.look(.int8(0))))
    giveBack(session)
    return found.leaderEpoch == state.leaderEpoch && found.head == state.head
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

  /// A session with the server of this term.
  ///
  /// - Throws: `fenced` where a new one meets another server, or one on which another leads.
  private func takeSession() throws(PostgresError) -> PostgresSession {
    if let session = takeIdle() { return session }
    let session = try connect()
    let stands = try session.run(LogHeadStatements.stands(.text(token))).number(0, 0)
    guard stands == 1 else { throw Self.fenced }
    return session
  }

  private func takeIdle() -> PostgresSession? {
    while let session = idle.withLock({ $0.popLast() }) { if session.isOpen { return session } }
    return nil
  }

  private func connect() throws(PostgresError) -> PostgresSession {
    let session = try PostgresSession.connect(settings)
    try session.run(Self.waitForDisk())
    return session
  }

  private func giveBack(_ session: PostgresSession) {
    guard session.isOpen, !isOver else { return session.close() }
    idle.withLock { $0.append(session) }
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
      Thread.sleep(for: backoff.delay(attempt: attempt))
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
  ///
  /// Another server than that of the term is as one on which another leads: what it lacks is lost.
  private func retake(
    _ batch: CommitBatch,
    _ state: inout State
  ) throws(PostgresError) -> Found {
    // A new one is not refused for what it meets: that is how the outcome is found.
    let session: PostgresSession
    if let idle = takeIdle() { session = idle } else { session = try connect() }
    let rows = try session.run(LogHeadStatements.retake(.int8(0), .text(token)))
    guard rows.count == 1 else {
      return try isThere(batch, session) ? .batch : .other
    }
    giveBack(session)
    let head = try LogHead(rows)
    state.leaderEpoch = head.leaderEpoch
    return .head(head.head)
  }

  private static let idsAt = PostgresStatement(
    "look for a lost commit",
    """
    SELECT position, \(LogMigration.ownID) FROM event WHERE position BETWEEN $1 AND $2
    ORDER BY position
    """
  )

  /// Whether all events of the batch stand at their positions.
  ///
  /// The first alone does not tell: whoever leads by now may have been asked for it, and may have put
  /// others behind it.
  private func isThere(
    _ batch: CommitBatch,
    _ session: PostgresSession
  ) throws(PostgresError) -> Bool {
    guard let first = batch.requests.first?.firstPosition else { return false }
    let rows = try session.run(
      Self.idsAt(.int8(Int64(bound: first)), .int8(Int64(bound: batch.lastPosition)))
    )
    guard rows.count == batch.eventCount else { return false }
    return batch.requests.allSatisfy { request in
      request.prepared.events.enumerated().allSatisfy { index, event in
        rows.bytes(Int(request.firstPosition - first) + index, 1) == event.id.bytes
      }
    }
  }

  func close() {
    end()
    // Behind the last commit.
    state.withLock { _ in }
    for session in idle.withLock({ $0 }) { session.close() }
    idle.withLock { $0 = [] }
  }

  // Reads.

  func resolve(
    _ questions: [ColdQuestions],
    at head: GlobalPosition
  ) throws(EventLogError) -> [ColdFacts] {
    try storage.resolve(questions, at: head)
  }

  func search(_ searches: [ConditionSearch], steps: Int) throws(EventLogError) {
    try storage.search(searches, steps: steps)
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
