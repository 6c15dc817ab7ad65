public import EventLogCore
public import Logging
internal import PostgresDriver
internal import Synchronization
internal import WeaveRuntime

/// The event log on Postgres: any number of processes read it, one at a time appends.
///
/// - Shape: every process that opens the log stands by; one leads, and another takes over when it
///   is gone. Reads are answered by all.
/// - Errors: an append where another leads throws `.notLeader` with its address; after a failed
///   commit the term ends, and the next one begins with what the tables say (law L44).
/// - Source: the event log's specification, section 2.2.
public final class PostgresEventLog: EventLogEngine {
  /// What to do when another process leads the log.
  public enum Standby: Sendable {
    /// Open it all the same, read, and take over when the leader is gone.
    case standsBy
    /// Refuse with `.locked`: for a program that is to be the only one.
    case refuses
  }

  private struct Role: Sendable {
    var identity: LogIdentity
    var term: (log: PipelinedEventLog, writer: CommitWriter)?
    /// Who leads, as far as is known.
    var leader: String?
    var isClosing = false
    /// The head of a log that is not the one that was opened any more.
    var changedAt: GlobalPosition?
  }

  private let role: Mutex<Role>
  /// Reads, and the head they go up to; it takes no appends.
  private let reader: PipelinedEventLog
  let keeper: LeaderKeeper
  let pool: PostgresPool

  private init(
    _ role: Role,
    reader: PipelinedEventLog,
    keeper: LeaderKeeper,
    pool: PostgresPool
  ) {
    self.role = Mutex(role)
    self.reader = reader
    self.keeper = keeper
    self.pool = pool
  }

  deinit { keeper.abandon() }

  /// Opens the log in a schema of a database, whose tables are made or brought up to date.
  ///
  /// - url: `postgres://user:password@host:port/database`.
  /// - schema: where the tables are; lower-case letters, digits and underscores.
  /// - standby: what to do when another process leads.
  /// - address: where others reach this process, which they tell whoever appends at the wrong one.
  /// - readThreads: how many reads may wait for the server at once.
  /// - startsEpoch: says that the database was restored from a backup in the same cluster, so that
  ///   consumers notice. A restore into another cluster and a failover are noticed without.
  /// - clock: what `recordedAt` is taken from.
  /// - Errors: `.locked`, `.corrupt`, or `.unavailable` with what to do.
  public static func open(
    url: String,
    schema: String = "wordweave",
    standby: Standby = .standsBy,
    address: String = "",
    readThreads: Int = 4,
    startsEpoch: Bool = false,
    logger: Logger = Logger(label: "wordweave.log"),
    clock: @escaping @Sendable () -> Timestamp = { .now }
  ) async throws(EventLogError) -> PostgresEventLog {
    try await open(
      url: url,
      schema: schema,
      standby: standby,
      address: address,
      readThreads: readThreads,
      startsEpoch: startsEpoch,
      times: LeaseTimes(),
      logger: logger,
      clock: clock
    )
  }

  /// Opens the log with other times than everybody's, for tests.
  package static func open(
    url: String,
    schema: String,
    standby: Standby,
    address: String,
    readThreads: Int,
    startsEpoch: Bool,
    times: LeaseTimes,
    logger: Logger,
    clock: @escaping @Sendable () -> Timestamp
  ) async throws(EventLogError) -> PostgresEventLog {
    try check(schema: schema)
    // Opening blocks: it gets a thread of its own.
    let opening = BlockingPool(name: "log-open", threads: 1)
    defer { opening.shutdown() }
    let opened = try await opening.run { () throws(EventLogError) in
      try openBlocking(
        url: url,
        schema: schema,
        address: address,
        readThreads: readThreads,
        startsEpoch: startsEpoch,
        times: times,
        logger: logger,
        clock: clock
      )
    }
    if case .refuses = standby, !opened.log.isLeading {
      await opened.log.close()
      let lease = Duration.milliseconds(opened.head.leaseMilliseconds)
      throw .locked("led by '\(opened.head.address)', whose lease lasts \(lease)")
    }
    return opened.log
  }

  /// The longest name the server keeps.
  private static let schemaBytes = 63

  private static func check(schema: String) throws(EventLogError) {
    let isSound =
      (1...schemaBytes).contains(schema.utf8.count)
      && schema.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      }
    guard isSound, !schema.hasPrefix("pg_") else {
      throw .invalid(
        "'\(schema)' is no schema for a log: lower-case letters, digits and underscores"
      )
    }
  }

  /// Holds the engine weakly for those whom it starts and who speak to it later.
  private final class Owner: Sendable {
    private struct Box: Sendable { weak var log: PostgresEventLog? }
    private let box = Mutex(Box())
    var log: PostgresEventLog? {
      get { box.withLock { $0.log } }
      set { box.withLock { $0.log = newValue } }
    }
  }

  private static func openBlocking(
    url: String,
    schema: String,
    address: String,
    readThreads: Int,
    startsEpoch: Bool,
    times: LeaseTimes,
    logger: Logger,
    clock: @escaping @Sendable () -> Timestamp
  ) throws(EventLogError) -> (log: PostgresEventLog, head: LogHead) {
    var settings = PostgresSettings(url: url, applicationName: "wordweave " + schema)
    try SchemaMigrator.migrate(settings, schema: schema)
    let role = try SchemaMigrator.role(settings, schema: schema)
    settings.parameters = SessionParameters.common(schema: schema, role: role)
    var reading = settings
    reading.parameters.merge(SessionParameters.reader) { $1 }
    var writing = settings
    writing.parameters.merge(SessionParameters.writer) { $1 }
    // One more than reads at once: admission looks facts up beside them.
    let pool = PostgresPool(reading, bound: readThreads + 1)
    let storage = PostgresStorage(pool)
    let terms = Terms(storage: storage, settings: writing, logger: logger, clock: clock)
    let seen = try storing { () throws(PostgresError) in
      let session = try PostgresSession.connect(writing)
      defer { session.close() }
      return try LogHead(
        try session.run(LogHeadStatements.look(.int8(times.overdue.milliseconds)))
      )
    }
    let reader = PipelinedEventLog(
      storage: storage,
      opening: LogOpening(
        identity: seen.identity,
        head: GlobalPosition(seen.head),
        lastRecordedAt: seen.lastRecordedAt
      ),
      readThreads: readThreads,
      clock: clock
    )
    let owner = Owner()
    let keeper = LeaderKeeper(
      writing,
      channel: schema,
      address: address,
      times: times,
      logger: logger,
      hooks: LeaderKeeper.Hooks(
        lead: { head in terms.begin(head, owner.log) },
        follow: { head in owner.log?.follow(head) }
      )
    )
    let log = PostgresEventLog(
      Role(identity: seen.identity),
      reader: reader,
      keeper: keeper,
      pool: pool
    )
    owner.log = log
    let head = try storing { () throws(PostgresError) in
      try keeper.start(startingEpoch: startsEpoch)
    }
    return (log, head)
  }

  /// Makes the terms in which a process leads.
  private struct Terms: Sendable {
    let storage: PostgresStorage
    let settings: PostgresSettings
    let logger: Logger
    let clock: @Sendable () -> Timestamp

    func begin(_ head: LogHead, _ log: PostgresEventLog?) -> CommitWriter {
      let writer = CommitWriter(
        head,
        storage: storage,
        settings: settings,
        logger: logger,
        published: { [weak log] position in log?.publish(position) },
        ended: { [weak log] in log?.keeper.hurry() }
      )
      guard let log else { return writer }
      let pipeline = PipelinedEventLog(
        storage: writer,
        opening: LogOpening(
          identity: head.identity,
          head: GlobalPosition(head.head),
          lastRecordedAt: head.lastRecordedAt
        ),
        // For the comparison of an import with what is there; reads go to the shared reader.
        readThreads: 1,
        clock: clock
      )
      log.lead(head, pipeline, writer)
      return writer
    }
  }

  // MARK: what the keeper tells

  private func lead(_ head: LogHead, _ pipeline: PipelinedEventLog, _ writer: CommitWriter) {
    note(head)
    role.withLock { role in
      role.term = (pipeline, writer)
      role.leader = nil
    }
  }

  private func follow(_ head: LogHead) {
    note(head)
    role.withLock { role in
      role.term = nil
      role.leader = head.isVacant || head.address.isEmpty ? nil : head.address
    }
  }

  /// Takes in what the tables say of the log as a whole.
  private func note(_ head: LogHead) {
    let isSame = role.withLock { role in
      let known = role.identity
      // Within an epoch the head never goes back; a new one may have begun below what was read.
      if head.identity.id != known.id || head.identity != known && head.head < readHead {
        role.changedAt = GlobalPosition(head.head)
        return false
      }
      role.identity = head.identity
      return true
    }
    if isSame { raise(to: head.head) }
  }

  /// The highest head that this process was ever told.
  private let highestHead = Atomic<UInt64>(0)
  private var readHead: UInt64 { highestHead.load(ordering: .acquiring) }

  private func raise(to position: UInt64) {
    _ = highestHead.max(position, ordering: .acquiringAndReleasing)
    reader.follow(to: GlobalPosition(position))
  }

  private func publish(_ position: UInt64) {
    raise(to: position)
    keeper.announce(position)
  }

  /// Whether this process appends.
  public var isLeading: Bool {
    role.withLock { role in role.term.map { !$0.writer.isOver } ?? false }
  }

  // MARK: the contract

  /// Which log this is; the epoch grows while it is open if the server failed over.
  public var identity: LogIdentity { role.withLock { $0.identity } }

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
    return try await reader.read(stream, from: revision, direction: direction, limit: limit)
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
    return try await reader.readAll(
      after: position,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  /// The position of the event that bears this id.
  public func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await reader.position(of: id)
  }

  /// The recorded mark of a source.
  public func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await reader.tracking(of: source)
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
    let term = role.withLock { role in
      role.isClosing = true
      return role.term
    }
    await term?.log.close()
    await reader.close()
    await keeper.stop()
  }

  private func leadingTerm(
    _ validate: () throws(EventLogError) -> Void
  ) throws(EventLogError) -> (log: PipelinedEventLog, writer: CommitWriter) {
    let role = role.withLock { $0 }
    guard !role.isClosing else { throw .closed }
    try validate()
    if let head = role.changedAt { throw .logEpochChanged(head: head) }
    guard let term = role.term else {
      guard let leader = role.leader else {
        throw .notLeader(address: nil)
      }
      throw .notLeader(address: leader)
    }
    return term
  }

  private func checkLog() throws(EventLogError) {
    let head = role.withLock { $0.isClosing ? nil : $0.changedAt }
    if let head { throw .logEpochChanged(head: head) }
  }

  /// A term that ended says so in its own words; callers are told what it means here.
  private func translated(_ error: EventLogError, _ writer: CommitWriter) -> EventLogError {
    let (isClosing, leader) = role.withLock { ($0.isClosing, $0.leader) }
    switch error {
    case .notLeader: return .notLeader(address: leader)
    case .closed: return isClosing ? .closed : .notLeader(address: leader)
    // Not written: it stood behind the commit that ended the term.
    case .unavailable where writer.isOver: return .notLeader(address: leader)
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
