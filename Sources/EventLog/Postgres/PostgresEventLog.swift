public import EventLogCore
internal import PostgresDriver
internal import Synchronization
internal import WeaveRuntime

/// The event log on Postgres: any number of processes read it, one at a time appends.
///
/// - Shape: every process that opens the log stands by, unless it only reads; one leads, and another
///   takes over when it is gone. Reads are answered by all.
/// - Errors: an append where another leads throws `.notLeader` with its address; after a failed
///   commit the term ends, and the next one begins with what the tables say (law L44). Everything
///   throws `.logEpochChanged` once the database has lost what this process read: open it anew.
/// - Source: the event log's specification, section 2.2.
public final class PostgresEventLog: LedEventLog {
  /// What to do when another process leads the log, or nobody does.
  public enum Standby: Sendable {
    /// Open it all the same, read, and take over when the leader is gone.
    case standsBy
    /// Refuse with `.locked`: for a program that is to be the only one.
    case refuses
    /// Read, and leave the lead to others even while nobody has it: for a program that appends
    /// nothing.
    case reads
  }

  let role: Mutex<LogRole>
  /// Reads, and the head they go up to; it takes no appends.
  let reader: PipelinedEventLog
  let keeper: LeaderKeeper
  let pool: PostgresPool
  let known: KnownHead

  init(
    reader: PipelinedEventLog,
    keeper: LeaderKeeper,
    pool: PostgresPool,
    known: KnownHead
  ) {
    role = Mutex(LogRole())
    self.reader = reader
    self.keeper = keeper
    self.pool = pool
    self.known = known
  }

  deinit { keeper.abandon() }

  /// Which log this is; the epoch grows while it is open if the server failed over.
  public var identity: LogIdentity { known.identity }

  /// Writes a request whole or not at all and answers when it is durable.
  ///
  /// Throws `.notLeader` where another process leads.
  public func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    let term = try leadingTerm { () throws(EventLogError) in try request.validate() }
    do throws(EventLogError) {
      return try await term.log.append(request)
    } catch {
      throw translated(error, term.writer)
    }
  }

  /// Reads one page of a stream.
  public func read(
    _ stream: StreamName,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try checkLog()
    let epoch = known.epoch
    let page = try await reader.read(stream, from: revision, direction: direction, limit: limit)
    // A stream is read as of its moment: who reads on must see no older log.
    try see(page.head, in: epoch)
    return page
  }

  /// Reads one page of the whole log.
  public func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    try checkLog()
    defer { publishSeen() }
    return try await reader.readAll(
      after: position,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  /// Reads one page of the positions at which events may match.
  public func places(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> PlacePage {
    try checkLog()
    defer { publishSeen() }
    return try await reader.places(
      after: position,
      matching: query,
      direction: direction,
      limit: limit
    )
  }

  /// Reads the events at some positions, in their order.
  public func events(
    at positions: [GlobalPosition]
  ) async throws(EventLogError) -> [RecordedEvent] {
    try checkLog()
    defer { publishSeen() }
    return try await reader.events(at: positions)
  }

  /// The position of the event that bears this id.
  public func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try checkLog()
    return try await reader.position(of: id)
  }

  /// The recorded mark of a source.
  public func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try checkLog()
    return try await reader.tracking(of: source)
  }

  /// The published head; with `beyond` suspends until the head is greater than it.
  public func head(
    beyond position: GlobalPosition?
  ) async throws(EventLogError) -> GlobalPosition {
    try checkLog()
    return try await reader.head(beyond: position)
  }

  /// Writes events of an export at their own positions; throws `.notLeader` where another leads.
  public func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    let term = try leadingTerm {}
    do throws(EventLogError) {
      try await term.log.restore(events)
    } catch {
      throw translated(error, term.writer)
    }
  }

  /// Lets queued requests be written and answered, and gives the lead back; twice is fine.
  public func close() async {
    let (term, watchers) = role.withLock { role in
      role.isClosing = true
      defer { role.watchers = [:] }
      return (role.term, role.watchers)
    }
    for watcher in watchers.values { watcher.finish() }
    await term?.log.close()
    await reader.close()
    await keeper.stop()
  }

  private func leadingTerm(
    _ validate: () throws(EventLogError) -> Void
  ) throws(EventLogError) -> LogRole.Term {
    let role = role.withLock { $0 }
    guard !role.isClosing else { throw .closed }
    try validate()
    if let head = role.changedAt { throw .logEpochChanged(head: head) }
    guard let term = role.term else { throw role.refusal }
    return term
  }

  private func checkLog() throws(EventLogError) {
    let head = role.withLock { $0.isClosing ? nil : $0.changedAt }
    if let head { throw .logEpochChanged(head: head) }
  }

  /// A term that ended says so in its own words; callers are told what it means here.
  private func translated(_ error: EventLogError, _ writer: CommitWriter) -> EventLogError {
    let role = role.withLock { $0 }
    switch error {
    case .notLeader: return role.refusal
    case .closed: return role.isClosing ? .closed : role.refusal
    // Not written: it stood behind the commit that ended the term.
    case .unavailable where writer.isOver: return role.refusal
    default: return error
    }
  }
}

// What administration reads.
extension PostgresEventLog {
  func reading<R: Sendable>(
    _ body:
      @escaping @Sendable (PostgresStorage, GlobalPosition) throws(EventLogError) -> R
  ) async throws(EventLogError) -> R {
    try await reader.reading { storage, head throws(EventLogError) in
      guard let storage = storage as? PostgresStorage else { throw .closed }
      return try body(storage, head)
    }
  }
}
