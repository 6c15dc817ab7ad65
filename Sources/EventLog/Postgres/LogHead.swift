internal import EventLogCore
internal import PostgresDriver

/// What the one row of `log_head` says.
struct LogHead: Sendable {
  let head: UInt64
  let lastRecordedAt: Timestamp
  let identity: LogIdentity
  let leaderEpoch: Int64
  let renewals: Int64
  let holder: String
  let address: String
  /// What lets in requests that others pass on; another one in every term.
  let secret: String
  /// Whether another process may try to lead.
  let isVacant: Bool
  /// How long the holder's lease lasts by the server's clock, for messages.
  let leaseMilliseconds: Int64

  fileprivate static let columns = """
    head, last_recorded_at, log_id, log_epoch, epoch_ends, leader_epoch, renewals, holder, address,
      lease_until < clock_timestamp()
        OR (
          lease_until < clock_timestamp() + $1 * interval '1 millisecond'
          AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = backend)
        ),
      greatest(0, extract(epoch FROM lease_until - clock_timestamp()) * 1000)::bigint, secret
    """

  init(_ rows: PostgresRows, row: Int = 0) throws(PostgresError) {
    guard rows.count > row, let id = rows.bytes(row, 2).flatMap({ EventID(bytes: $0) }) else {
      throw PostgresError(.unexpected, attempt: "read the log's head", found: "there is none")
    }
    head = try rows.number(row, 0)
    lastRecordedAt = Timestamp(microseconds: rows.integer(row, 1) ?? .min)
    identity = LogIdentity(
      id: id,
      epoch: try rows.number(row, 3),
      epochEnds: (rows.integers(row, 4) ?? []).map { GlobalPosition(UInt64(bitPattern: $0)) }
    )
    leaderEpoch = rows.integer(row, 5) ?? 0
    renewals = rows.integer(row, 6) ?? 0
    holder = rows.text(row, 7) ?? ""
    address = rows.text(row, 8) ?? ""
    isVacant = rows.bool(row, 9) ?? false
    leaseMilliseconds = rows.integer(row, 10) ?? 0
    secret = rows.text(row, 11) ?? ""
  }
}

/// How long a leader leads without renewing, and how often it renews.
package struct LeaseTimes: Sendable {
  /// Long enough to outlive a pause of the process or of the server.
  package var lease = Duration.seconds(10)
  /// Three tries in a lease.
  package var renewal = Duration.seconds(3)
  /// How late a renewal may be before a holder without a session counts as gone; a killed leader
  /// is replaced after this and `renewal`, without waiting for its lease.
  package var lateness = Duration.milliseconds(500)
  /// How often a process that does not lead looks at the head, whatever notifications say.
  package var poll = Duration.seconds(1)

  package init() {}

  /// What is left of the lease when a renewal is that late.
  var overdue: Duration { lease - renewal - lateness }
}

/// The statements that move `log_head`.
enum LogHeadStatements {
  static let look = PostgresStatement(
    "read the log's head",
    "SELECT \(LogHead.columns) FROM log_head"
  )

  /// The cluster, the timeline and the table that a statement runs on.
  private static let place = """
    SELECT (SELECT system_identifier FROM pg_control_system()) AS cluster,
      ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer AS timeline,
      'log_head'::regclass::oid::bigint AS relation
    """

  /// Whether the place `here` is another than `row`, which is that of `log_head`, has; one that was
  /// never led has none, and one that was not led since it was brought up to date has no table.
  private static func isElsewhere(_ row: String) -> String {
    """
    coalesce(\(row).cluster <> here.cluster OR \(row).timeline <> here.timeline
      OR \(row).relation <> here.relation, false)
    """
  }

  /// Raises the leader epoch, if nobody did since the row was seen; waits for a commit in flight,
  /// since that holds the row, and answers what is true behind it.
  ///
  /// A cluster, timeline or table other than the last leader's means that the database was restored
  /// or failed over: that starts a log epoch.
  static let takeOver = PostgresStatement(
    "take the log over",
    """
    UPDATE log_head SET
      leader_epoch = leader_epoch + 1, holder = $4, address = $5, secret = $8, renewals = 0,
      lease_until = clock_timestamp() + $6 * interval '1 millisecond',
      backend = pg_backend_pid(), cluster = now.cluster, timeline = now.timeline,
      relation = now.relation,
      log_epoch = CASE WHEN now.restarts THEN $9 ELSE log_epoch END,
      epoch_ends = CASE WHEN now.restarts THEN epoch_ends || head ELSE epoch_ends END
    FROM (
      SELECT here.*, $7 OR \(isElsewhere("old")) AS restarts FROM log_head old, (\(place)) here
    ) now
    WHERE leader_epoch = $2 AND renewals = $3
    RETURNING \(LogHead.columns)
    """
  )

  /// The same leader again, after it lost a connection: an older commit of its own cannot follow.
  static let retake = PostgresStatement(
    "take the log over again",
    """
    UPDATE log_head SET leader_epoch = leader_epoch + 1
    FROM (\(place)) here
    WHERE holder = $2 AND NOT \(isElsewhere("log_head"))
    RETURNING \(LogHead.columns)
    """
  )

  /// Whether a holder leads on the database that a session has met: one row, or none.
  ///
  /// After a failover the row may name a holder that was replaced: the take-over is what was lost.
  static let stands = PostgresStatement(
    "look whether the term goes on",
    """
    SELECT count(*) FROM log_head, (\(place)) here
    WHERE holder = $1 AND NOT \(isElsewhere("log_head"))
    """
  )

  /// Renews the lease where the database is the one that was taken over, and answers the head.
  ///
  /// After a failover the row may name the holder still, and lack what was published.
  static let renew = PostgresStatement(
    "renew the lease",
    """
    UPDATE log_head SET
      lease_until = clock_timestamp() + $2 * interval '1 millisecond', renewals = renewals + 1,
      backend = pg_backend_pid(), address = $3
    FROM (\(place)) here
    WHERE holder = $1 AND NOT \(isElsewhere("log_head"))
    RETURNING head
    """
  )

  /// Starts a log epoch behind the head $3, which is lower than one that was published in epoch $1:
  /// what lay between is lost, and its positions go to other events.
  ///
  /// The head may have grown since it was seen, by a leader who does not know; its epoch ends where it
  /// was seen. Nobody leads afterwards: a leader learns of the epoch by taking over again.
  static let startEpoch = PostgresStatement(
    "start an epoch of the log",
    """
    UPDATE log_head SET
      leader_epoch = leader_epoch + 1, lease_until = to_timestamp(0), holder = '', address = '',
      secret = '', renewals = 0, cluster = here.cluster, timeline = here.timeline,
      relation = here.relation,
      log_epoch = $2, epoch_ends = epoch_ends || least(head, $3)
    FROM (\(place)) here
    WHERE log_epoch = $1
    """
  )

  /// Raises the leader epoch: a commit that is under way at the server, unknown to whoever waits for
  /// it, cannot follow.
  static let release = PostgresStatement(
    "give the lead back",
    """
    UPDATE log_head SET leader_epoch = leader_epoch + 1, lease_until = to_timestamp(0), holder = '', address = '', secret = '',
      renewals = 0
    WHERE holder = $1
    """
  )

  /// Moves the head where nobody else has, and is refused by `fenceHolds` otherwise: so whatever
  /// stands behind it in the same batch of statements, the COMMIT above all, is not run.
  static let fence = PostgresStatement(
    "move the head",
    """
    WITH moved AS (
      UPDATE log_head SET head = $3, last_recorded_at = $4, streams = streams + $5
      WHERE leader_epoch = $1 AND head = $2
      RETURNING true
    )
    SELECT 1 / count(*) FROM moved
    """
  )

  /// What the server says of a fence that moved no row: division by zero, which nothing else does.
  static let fenceHolds = "22012"

  /// Ends sessions of the log's processes that have rows of events in a transaction; where $1, only
  /// those to which their process sends nothing.
  static let endLeftovers = PostgresStatement(
    "end what an earlier leader had begun",
    isPrepared: false,
    """
    SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity a
    WHERE a.application_name = current_setting('application_name') AND a.pid <> pg_backend_pid()
      AND (NOT $1 OR a.wait_event_type = 'Client')
      AND EXISTS (
        SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.relation = 'event'::regclass
          AND l.mode = 'RowExclusiveLock' AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      )
    """
  )

  static let lastPosition = PostgresStatement(
    "read the last position",
    "SELECT coalesce(max(position), 0) FROM event"
  )
}

extension Duration {
  /// Whole milliseconds, as statements bind them.
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
