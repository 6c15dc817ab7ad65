/// The tables and statements of the usual ways, written for this comparison.
///
/// All give an event a position of a sequence and keep streams apart by a unique index. Tags are a
/// column, without an index but for `asked`, which spares them rows that our engine writes. `$1`
/// stream, `$2` its next revision, `$3` type, `$4` data, `$5` tags.
extension CommitEach.Scheme {
  private var schema: String {
    switch self {
    case .category: "goal_category"
    case .xid8: "goal_xid8"
    case .asked: "goal_asked"
    }
  }

  var table: String { schema + ".message" }

  var tables: [String] {
    switch self {
    case .category:
      [
        "CREATE SCHEMA IF NOT EXISTS \(schema)",
        """
        CREATE TABLE IF NOT EXISTS \(table) (
          position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
          stream text NOT NULL,
          revision bigint NOT NULL,
          type text NOT NULL,
          data bytea NOT NULL,
          tags text[] NOT NULL,
          recorded_at timestamptz NOT NULL DEFAULT now(),
          UNIQUE (stream, revision)
        )
        """,
        // Readers of a category go by it.
        """
        CREATE INDEX IF NOT EXISTS message_category
        ON \(table) (split_part(stream, '-', 1), position)
        """,
        // The lock is held until the commit, its flush included: so positions become visible in
        // order within the category.
        """
        CREATE OR REPLACE FUNCTION \(schema).append(
          of_stream text, of_type text, with_data bytea, with_tags text[]
        ) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE
          place bigint;
        BEGIN
          PERFORM pg_advisory_xact_lock(hashtextextended(split_part(of_stream, '-', 1), 0));
          SELECT coalesce(max(revision), -1) + 1 INTO place FROM \(table) WHERE stream = of_stream;
          INSERT INTO \(table) (stream, revision, type, data, tags)
          VALUES (of_stream, place, of_type, with_data, with_tags);
          RETURN place;
        END
        $$
        """,
      ]
    case .xid8, .asked:
      [
        "CREATE SCHEMA IF NOT EXISTS \(schema)",
        """
        CREATE TABLE IF NOT EXISTS \(table) (
          position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
          id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
          stream text NOT NULL,
          revision bigint NOT NULL,
          type text NOT NULL,
          data bytea NOT NULL,
          tags text[] NOT NULL,
          recorded_at timestamptz NOT NULL DEFAULT now(),
          UNIQUE (stream, revision)
        )
        """,
        "CREATE INDEX IF NOT EXISTS message_transaction ON \(table) (transaction, position)",
      ] + (self == .asked ? indexes : [])
    }
  }

  /// By which types and tags are found; as usual, and cheap to insert into, but tags without an
  /// order, which ours have.
  private var indexes: [String] {
    [
      "CREATE INDEX IF NOT EXISTS message_type ON \(table) (type, position)",
      "CREATE INDEX IF NOT EXISTS message_tags ON \(table) USING gin (tags)",
    ]
  }

  var append: String {
    switch self {
    // The revision is found under the lock; the caller's is looked at so that both take the same.
    case .category: "SELECT \(schema).append($1, $3, $4, $5) WHERE $2::bigint >= 0"
    case .xid8, .asked:
      """
      INSERT INTO \(table) (stream, revision, type, data, tags) VALUES ($1, $2, $3, $4, $5)
      """
    }
  }

  /// Rows in bulk until so many are there.
  func fill(to events: Int, bytes: Int) -> String {
    """
    INSERT INTO \(table) (stream, revision, type, data, tags)
    SELECT 'post-fill-' || number, 0, 'PostEdited',
      substr(noise.bytes, 1 + (number % 800)::int, \(bytes)),
      ARRAY['author:' || number % 1000, 'post:' || number % 100000]
    FROM generate_series(1 + (SELECT count(*) FROM \(table)), \(events)) AS number,
      (SELECT decode(string_agg(md5(part::text), ''), 'hex') AS bytes
        FROM generate_series(1, \((800 + bytes) / 16 + 1)) AS part) AS noise
    """
  }
}
