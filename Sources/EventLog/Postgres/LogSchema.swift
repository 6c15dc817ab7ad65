internal import EventLogCore

// The tables of a log, all in one schema of a database. Names are bytes, not text: they compare
// byte for byte whatever the database's encoding and collation are (law L11). `event_text` shows
// them to people.
//
//   event           position, stream, revision, id, type, envelope (see Envelope)
//                   unique: position · (stream, revision) · id; index: (type, position)
//                   id is null where it names the position itself (see EventID)
//   event_tag       (tag, position), once for each tag an event bears
//   stream_removal  the streams that lost events: name → first kept revision, tombstoned, the
//                   position that changed the stream last
//   tracking        source → position, 64 bits without sign kept as the same bits with sign
//   log_head        one row: head · time of the last event · how many streams there are ·
//                   leader epoch, holder, its address, the secret of its term (see Leadership),
//                   until when its lease lasts, how often it was renewed and by which server
//                   process · log id, log epoch, ends of the epochs before · the cluster and
//                   timeline it was last led on, and this table's own number there (`relation`):
//                   a dump that is restored makes another table
//   migration       which of the steps below were taken
//
// The last revision of a stream is that of its last row in `event`: a row of its own, rewritten with
// every event, would cost each append a third index and a dead row.
//
// `log_head` is the fence: the last statement of every commit moves it from the old head to the new
// one where the leader epoch is the writer's own. What is committed is therefore contiguous.

/// One step from an older form of the tables to a newer; never changed once it was published.
struct LogMigration: Sendable {
  let number: Int32
  let statements: [String]

  /// The rights that every session of the log works with.
  static let role = "wordweave_log"

  /// All steps in order.
  static let all = [
    LogMigration(
      number: 1,
      statements: tables + indexes + guards + rights
    ),
    LogMigration(
      number: 2,
      statements: ["ALTER TABLE log_head ADD COLUMN secret text NOT NULL DEFAULT ''"]
    ),
    LogMigration(number: 3, statements: fewerIndexes),
    // Null until the log is taken over: a form that is brought up to date starts no epoch.
    LogMigration(
      number: 4,
      statements: ["ALTER TABLE log_head ADD COLUMN relation bigint"]
    ),
  ]

  /// The form that this program knows.
  static var newest: Int32 { all.last?.number ?? 0 }

  /// The id as the envelope has it.
  static let ownID = "substr(envelope, \(Envelope.Offset.id + 1), 16)"

  /// Ids that name their position leave the index of ids, and heads that follow from the events
  /// go.
  private static let fewerIndexes = [
    "ALTER TABLE event ALTER COLUMN id DROP NOT NULL",
    "ALTER TABLE event DROP CONSTRAINT event_id",
    "CREATE UNIQUE INDEX event_id ON event (id) WHERE id IS NOT NULL",
    "DROP INDEX stream_head_removed",
    "ALTER TABLE stream_head RENAME TO stream_removal",
    "ALTER TABLE stream_removal RENAME CONSTRAINT stream_head_name TO stream_removal_name",
    "DELETE FROM stream_removal WHERE NOT tombstoned AND first = 0",
    "ALTER TABLE stream_removal DROP COLUMN last",
    """
    CREATE OR REPLACE VIEW event_text AS
      SELECT position, encode(stream, 'escape') AS stream, revision,
        coalesce(id, encode(\(ownID), 'hex')::uuid) AS id,
        encode(type, 'escape') AS type, octet_length(envelope) AS bytes
      FROM event
    """,
  ]

  private static let tables = [
    """
    CREATE TABLE event (
      position bigint NOT NULL CONSTRAINT event_position PRIMARY KEY,
      stream bytea,
      revision bigint,
      id uuid NOT NULL CONSTRAINT event_id UNIQUE,
      type bytea NOT NULL,
      envelope bytea NOT NULL
    )
    """,
    """
    CREATE TABLE event_tag (
      tag bytea NOT NULL,
      position bigint NOT NULL,
      CONSTRAINT event_tag_position PRIMARY KEY (tag, position)
    )
    """,
    """
    CREATE TABLE stream_head (
      name bytea NOT NULL CONSTRAINT stream_head_name PRIMARY KEY,
      last bigint,
      first bigint NOT NULL,
      tombstoned boolean NOT NULL,
      touched_at bigint NOT NULL
    )
    """,
    """
    CREATE TABLE tracking (
      source bytea NOT NULL CONSTRAINT tracking_source PRIMARY KEY,
      position bigint NOT NULL
    )
    """,
    // Rewritten with every commit: room on its page keeps the versions together.
    """
    CREATE TABLE log_head (
      is_only boolean NOT NULL DEFAULT true CONSTRAINT log_head_is_only PRIMARY KEY CHECK (is_only),
      head bigint NOT NULL DEFAULT 0,
      last_recorded_at bigint NOT NULL DEFAULT \(Int64.min),
      streams bigint NOT NULL DEFAULT 0,
      leader_epoch bigint NOT NULL DEFAULT 0,
      holder text NOT NULL DEFAULT '',
      address text NOT NULL DEFAULT '',
      lease_until timestamptz NOT NULL DEFAULT to_timestamp(0),
      renewals bigint NOT NULL DEFAULT 0,
      backend integer NOT NULL DEFAULT 0,
      log_id uuid NOT NULL DEFAULT gen_random_uuid(),
      log_epoch bigint NOT NULL DEFAULT 1,
      epoch_ends bigint[] NOT NULL DEFAULT '{}',
      cluster bigint,
      timeline integer
    ) WITH (fillfactor = 10)
    """,
    "INSERT INTO log_head DEFAULT VALUES",
  ]

  private static let indexes = [
    """
    CREATE UNIQUE INDEX event_stream_revision ON event (stream, revision) WHERE stream IS NOT NULL
    """,
    "CREATE INDEX event_type ON event (type, position)",
    // The few streams that lost events, which every read of the whole log looks up.
    """
    CREATE INDEX stream_head_removed ON stream_head (name) INCLUDE (first, tombstoned)
      WHERE tombstoned OR first > 0
    """,
  ]

  private static let guards = [
    """
    CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'events are not rewritten: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER refuse_rewriting BEFORE UPDATE OR DELETE OR TRUNCATE ON event
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE TRIGGER refuse_rewriting BEFORE UPDATE OR DELETE OR TRUNCATE ON event_tag
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE VIEW event_text AS
      SELECT position, encode(stream, 'escape') AS stream, revision, id,
        encode(type, 'escape') AS type, octet_length(envelope) AS bytes
      FROM event
    """,
  ]

  /// Granted to the role if this cluster has it; without it the login's own rights apply.
  private static let rights = [
    """
    DO $$
    BEGIN
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = '\(role)') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO \(role)', current_schema());
        GRANT SELECT, INSERT ON event, event_tag TO \(role);
        GRANT SELECT, INSERT, UPDATE ON stream_head, tracking TO \(role);
        GRANT SELECT, UPDATE ON log_head TO \(role);
        GRANT SELECT ON migration, event_text TO \(role);
      END IF;
    END $$
    """
  ]
}
