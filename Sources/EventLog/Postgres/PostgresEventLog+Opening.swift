public import EventLogCore
public import Logging
internal import PostgresDriver
internal import Synchronization
internal import WeaveRuntime

extension PostgresEventLog {
  /// Opens the log in a schema of a database, whose tables are made or brought up to date; by who
  /// only reads, they are left as they are.
  ///
  /// - url: `postgres://user:password@host:port/database`.
  /// - schema: where the tables are; lower-case letters, digits and underscores.
  /// - standby: what to do when another process leads, or nobody does.
  /// - address: where others reach this process, which they tell whoever appends at the wrong one;
  ///   `advertise` says it later.
  /// - readThreads: how many reads may wait for the server at once.
  /// - startsEpoch: says that the rows of a backup were put into the tables that are there, so that
  ///   consumers notice. A restore that makes the tables and a failover are noticed without.
  ///   `.unavailable` where another process leads.
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
    if startsEpoch, standby == .reads {
      throw .invalid("who only reads a log starts no epoch of it")
    }
    // Opening blocks: it gets a thread of its own.
    let opening = BlockingPool(name: "log-open", threads: 1)
    defer { opening.shutdown() }
    let opened = try await opening.run { () throws(EventLogError) in
      try openBlocking(
        url: url,
        schema: schema,
        standby: standby,
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
    standby: Standby,
    address: String,
    readThreads: Int,
    startsEpoch: Bool,
    times: LeaseTimes,
    logger: Logger,
    clock: @escaping @Sendable () -> Timestamp
  ) throws(EventLogError) -> (log: PostgresEventLog, head: LogHead) {
    var settings = PostgresSettings(url: url, applicationName: "wordweave " + schema)
    if standby == .reads {
      try SchemaMigrator.check(settings, schema: schema)
    } else {
      try SchemaMigrator.migrate(settings, schema: schema)
    }
    let role = try SchemaMigrator.role(settings, schema: schema)
    settings.parameters = SessionParameters.common(schema: schema, role: role)
    var writing = settings
    writing.parameters.merge(SessionParameters.writer) { $1 }
    let seen = try look(writing, times)
    var reading = settings
    reading.parameters.merge(SessionParameters.reader) { $1 }
    // Whoever appends is to wait for none of the reads.
    let pool = PostgresPool(
      reading,
      bound: readThreads + PipelinedEventLog.threadsBesideReads
    )
    let known = KnownHead(seen.identity, head: seen.head)
    let owner = Owner()
    let storage = PostgresStorage(pool, known: known) { owner.log?.keeper.hurry() }
    let terms = Terms(storage: storage, settings: writing, logger: logger, clock: clock)
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
    let keeper = try storing { () throws(PostgresError) in
      try LeaderKeeper(
        writing,
        channel: schema,
        address: address,
        onlyFollows: standby == .reads,
        known: known,
        times: times,
        logger: logger,
        hooks: LeaderKeeper.Hooks(
          judge: { sight in owner.log?.judge(sight) ?? .same },
          lead: { sight in owner.log.flatMap { terms.begin(sight, $0) } },
          follow: { sight in owner.log?.follow(sight) ?? true },
          suffer: { trouble in owner.log?.suffer(trouble) }
        )
      )
    }
    let log = PostgresEventLog(reader: reader, keeper: keeper, pool: pool, known: known)
    owner.log = log
    let head = try storing { () throws(PostgresError) in
      try keeper.start(startingEpoch: startsEpoch)
    }
    return (log, head)
  }

  /// What the tables say before anything is known of them.
  private static func look(
    _ settings: PostgresSettings,
    _ times: LeaseTimes
  ) throws(EventLogError) -> LogHead {
    try storing { () throws(PostgresError) in
      let session = try PostgresSession.connect(settings)
      defer { session.close() }
      return try LogHead(
        try session.run(LogHeadStatements.look(.int8(times.overdue.milliseconds)))
      )
    }
  }

  /// Makes the terms in which a process leads.
  private struct Terms: Sendable {
    let storage: PostgresStorage
    let settings: PostgresSettings
    let logger: Logger
    let clock: @Sendable () -> Timestamp

    /// Nil where the log is not the one that `log` has read.
    func begin(_ sight: LogSight, _ log: PostgresEventLog) -> CommitWriter? {
      guard log.note(sight) else { return nil }
      let head = sight.head
      let epoch = head.identity.epoch
      let writer = CommitWriter(
        head,
        storage: storage,
        settings: settings,
        logger: logger,
        published: { [weak log] position in log?.publish(position, in: epoch) },
        ended: { [weak log] in log?.keeper.hurry() }
      )
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
      log.lead(pipeline, writer)
      return writer
    }
  }
}
