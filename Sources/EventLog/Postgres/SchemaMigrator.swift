internal import EventLogCore
internal import PostgresDriver

/// Brings the tables of a log to the form this program knows.
///
/// Run with the rights of their owner. A login without those finds the tables ready, or is told
/// what is missing.
enum SchemaMigrator {
  /// A step may build an index over all events.
  private static let statementTimeout = Duration.seconds(6 * 3600)

  private static let isThere = PostgresStatement(
    "look for the log's tables",
    isPrepared: false,
    """
    SELECT to_regclass(quote_ident($1) || '.migration') IS NOT NULL,
      EXISTS (SELECT FROM pg_roles WHERE rolname = $2)
    """
  )

  private static let applied = PostgresStatement(
    "read the applied migrations",
    isPrepared: false,
    "SELECT coalesce(max(number), 0) FROM migration"
  )

  private static let record = PostgresStatement(
    "record a migration",
    isPrepared: false,
    "INSERT INTO migration (number) VALUES ($1)"
  )

  // Held to the end of the transaction: two processes that start at once take turns. It is not
  // a session's lock, which poolers would let leak.
  private static let takeTurns = PostgresStatement(
    "wait for other migrations",
    isPrepared: false,
    "SELECT pg_advisory_xact_lock(hashtextextended('wordweave log ' || $1, 0))"
  )

  /// A cluster has its roles once, whatever number of logs it holds.
  private static let makeRole = PostgresStatement(
    "make the role of the log",
    isPrepared: false,
    """
    DO $$
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtextextended('wordweave role', 0));
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '\(LogMigration.role)') THEN
        CREATE ROLE \(LogMigration.role) NOLOGIN;
      END IF;
      IF NOT pg_has_role(session_user, '\(LogMigration.role)', 'MEMBER') THEN
        GRANT \(LogMigration.role) TO SESSION_USER;
      END IF;
    EXCEPTION WHEN insufficient_privilege THEN NULL;
    END $$
    """
  )

  /// Applies what is missing.
  ///
  /// - Throws: `.locked` while a process leads that knows the older form only: its commits would fail
  ///   on the newer one, and it would go on to lead.
  static func migrate(
    _ settings: PostgresSettings,
    schema: String
  ) throws(EventLogError) {
    var settings = settings
    settings.statementTimeout = statementTimeout
    let session = try connect(settings, schema: schema)
    defer { session.close() }
    let (hasRole, applied) = try tables(in: schema, over: session)
    guard applied != LogMigration.newest else { return }
    if (1..<LogMigration.newest).contains(applied),
      let leader = try storing({ () throws(PostgresError) in try leader(over: session) })
    {
      throw .locked("\(leader) leads it with an older program; stop that one, then start this")
    }
    try storing { () throws(PostgresError) in
      if !hasRole { try session.run(makeRole()) }
      try apply(to: schema, over: session)
    }
  }

  /// Sees that the tables are there, in the form this program knows, and changes nothing.
  ///
  /// - Throws: `.unavailable` that says what to do, where they are not.
  static func check(
    _ settings: PostgresSettings,
    schema: String
  ) throws(EventLogError) {
    let session = try connect(settings, schema: schema)
    defer { session.close() }
    let applied = try tables(in: schema, over: session).applied
    guard applied > 0 else {
      throw .unavailable(
        "there is no log in schema \(schema); name another, or start 'wordweave serve' to make one"
      )
    }
    guard applied >= LogMigration.newest else {
      throw .unavailable(
        "the log in schema \(schema) has form \(applied) and this program reads form "
          + "\(LogMigration.newest); start 'wordweave serve' of this version first"
      )
    }
    guard applied == LogMigration.newest else {
      throw EventLogError(newerForm(applied, in: schema))
    }
  }

  private static func connect(
    _ settings: PostgresSettings,
    schema: String
  ) throws(EventLogError) -> PostgresSession {
    var settings = settings
    settings.parameters["search_path"] = schema
    return try storing { () throws(PostgresError) in try PostgresSession.connect(settings) }
  }

  /// Whether the cluster has the role of the log, and the form of the tables; 0 where there are none.
  private static func tables(
    in schema: String,
    over session: PostgresSession
  ) throws(EventLogError) -> (hasRole: Bool, applied: Int32) {
    try storing { () throws(PostgresError) in
      let found = try session.run(isThere(.text(schema), .text(LogMigration.role)))
      return (found.bool(0, 1) == true, found.bool(0, 0) == true ? try number(over: session) : 0)
    }
  }

  private static func newerForm(_ applied: Int32, in schema: String) -> PostgresError {
    PostgresError(
      .unexpected,
      attempt: "open the log in schema \(schema)",
      found: "its tables have form \(applied) and this program knows form \(LogMigration.newest);"
        + " use the newer program"
    )
  }

  private static let livingLeader = PostgresStatement(
    "look for a leader",
    isPrepared: false,
    """
    SELECT address FROM log_head WHERE lease_until > clock_timestamp()
      AND EXISTS (SELECT FROM pg_stat_activity WHERE pid = backend)
    """
  )

  /// Who leads the log; nil if nobody does.
  private static func leader(over session: PostgresSession) throws(PostgresError) -> String? {
    let rows = try session.run(livingLeader())
    guard rows.count > 0 else { return nil }
    return rows.text(0, 0).flatMap { $0.isEmpty ? nil : "'\($0)'" } ?? "another process"
  }

  private static func apply(
    to schema: String,
    over session: PostgresSession
  ) throws(PostgresError) {
    try session.run([PostgresStatement.begin(), takeTurns(.text(schema))])
    // The name was checked by `PostgresEventLog.open`: letters, digits and underscores.
    let prepare = [
      "CREATE SCHEMA IF NOT EXISTS \"\(schema)\"",
      """
      CREATE TABLE IF NOT EXISTS migration (
        number integer PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )
      """,
    ]
    for sql in prepare { try session.run(step(sql)) }
    let applied = try number(over: session)
    guard applied <= LogMigration.newest else { throw newerForm(applied, in: schema) }
    for migration in LogMigration.all where migration.number > applied {
      for sql in migration.statements { try session.run(step(sql)) }
      try session.run(record(.int4(migration.number)))
    }
    try session.run(PostgresStatement.commit())
  }

  private static func number(over session: PostgresSession) throws(PostgresError) -> Int32 {
    Int32(clamping: try session.run(applied()).integer(0, 0) ?? 0)
  }

  private static func step(_ sql: String) -> PostgresCall {
    PostgresStatement("migrate the log's tables", isPrepared: false, sql)()
  }

  private static let isMember = PostgresStatement(
    "look for the log's role",
    isPrepared: false,
    """
    SELECT EXISTS (
      SELECT FROM pg_roles WHERE rolname = $1 AND pg_has_role(session_user, oid, 'MEMBER')
    ) AND has_schema_privilege($1, $2, 'USAGE')
    """
  )

  /// The role that sessions of the log should take; nil if their login has to do.
  static func role(
    _ settings: PostgresSettings,
    schema: String
  ) throws(EventLogError) -> String? {
    try storing { () throws(PostgresError) in
      let session = try PostgresSession.connect(settings)
      defer { session.close() }
      let exists = try session.run(isMember(.text(LogMigration.role), .text(schema)))
      return exists.bool(0, 0) == true ? LogMigration.role : nil
    }
  }
}
