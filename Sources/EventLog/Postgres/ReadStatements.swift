package import EventLogCore
package import PostgresDriver

/// The statements of the reads.
///
/// Sessions that run them leave the planner no way but the indexes (see `SessionParameters`): the
/// plan of a read must not depend on how old the statistics are. A page ends on the server at its
/// bound of bytes, so that nobody is sent what no page can hold.
package enum ReadStatements {
  /// Goes before statements that do not read the head themselves: what runs behind it sees no less.
  static let logHead = PostgresStatement(
    "read the log's head",
    "SELECT head, log_epoch FROM log_head"
  )

  package static let tracking = PostgresStatement(
    "look marks up",
    "SELECT source, position FROM tracking WHERE source = ANY($1)"
  )

  package static let heads = PostgresStatement(
    "look streams up",
    """
    SELECT k.name, s.* FROM unnest($1::bytea[]) AS k(name)
    CROSS JOIN LATERAL (\(head(of: "k.name"))) s
    """
  )

  /// The head of a stream: `last`, `first`, `tombstoned`, `touched_at`; no row for one that was
  /// neither written nor removed.
  static func head(of name: String) -> String {
    """
    SELECT e.revision AS last, coalesce(r.first, 0) AS first,
      coalesce(r.tombstoned, false) AS tombstoned, greatest(e.position, r.touched_at) AS touched_at
    FROM (SELECT) AS one
    LEFT JOIN LATERAL (
      SELECT revision, position FROM event WHERE stream = \(name) ORDER BY revision DESC LIMIT 1
    ) e ON true
    LEFT JOIN stream_removal r ON r.name = \(name)
    WHERE e.position IS NOT NULL OR r.name IS NOT NULL
    """
  }

  package static let knownIDs = PostgresStatement(
    "look ids up",
    "SELECT id, position, stream, revision, type FROM event WHERE id = ANY($1) AND id IS NOT NULL"
  )

  /// The same of the events at positions that ids name themselves.
  package static let namedEvents = PostgresStatement(
    "look ids up by what they name",
    """
    SELECT \(LogMigration.ownID), position, stream, revision, type FROM event
    WHERE position = ANY($1)
    """
  )

  /// $1 stream, $2 from revision, $3 at most to revision (in the read's direction), $4 events,
  /// $5 bytes.
  package static func stream(_ direction: Direction) -> PostgresStatement {
    direction == .forward ? streamForward : streamBackward
  }

  private static let streamForward = makeStream("ASC", ">=", "<=", bound: "greatest($2, s.first)")
  private static let streamBackward = makeStream("DESC", "<=", ">=", bound: "least($2, s.last)")

  private static func makeStream(
    _ order: String,
    _ from: String,
    _ to: String,
    bound: String
  ) -> PostgresStatement {
    PostgresStatement(
      "read a stream",
      """
      SELECT l.head, l.log_epoch, s.last, s.first, s.tombstoned, s.touched_at,
        p.revision, p.position, p.envelope
      FROM log_head l
      LEFT JOIN LATERAL (\(head(of: "$1"))) s ON true
      LEFT JOIN LATERAL (
        SELECT * FROM (
          SELECT c.*, sum(octet_length(envelope)) OVER (ORDER BY revision \(order))
            - octet_length(envelope) AS before
          FROM (
            SELECT revision, position, envelope FROM event
            WHERE stream = $1 AND revision \(from) \(bound) AND revision \(to) $3
              AND revision BETWEEN s.first AND s.last AND NOT s.tombstoned
            ORDER BY revision \(order) LIMIT $4
          ) c
        ) b WHERE before < $5
      ) p ON true
      ORDER BY p.revision \(order)
      """
    )
  }

  /// $1 and $2 the lowest and highest position, $3 events, $4 bytes, $5 whether removed events are
  /// shown.
  package static func scan(_ direction: Direction) -> PostgresStatement {
    direction == .forward ? scanForward : scanBackward
  }

  private static let scanForward = makeScan("ASC")
  private static let scanBackward = makeScan("DESC")

  private static func makeScan(_ order: String) -> PostgresStatement {
    page(
      "read the log",
      order,
      candidates: """
        SELECT position FROM event WHERE position BETWEEN $1 AND $2
        ORDER BY position \(order) LIMIT $3
        """
    )
  }

  /// As `scan`, of the events at the positions $6.
  package static func chosen(_ direction: Direction) -> PostgresStatement {
    direction == .forward ? chosenForward : chosenBackward
  }

  private static let chosenForward = makeChosen("ASC")
  private static let chosenBackward = makeChosen("DESC")

  private static func makeChosen(_ order: String) -> PostgresStatement {
    page(
      "read events at positions",
      order,
      candidates: """
        SELECT place AS position FROM unnest($6::bigint[]) place
        WHERE place BETWEEN $1 AND $2 LIMIT $3
        """
    )
  }

  /// As `scan`, of the events that bear one of the tags $6 or types $7: a superset of what the
  /// query matches, from the indexes alone.
  package static func candidates(_ direction: Direction) -> PostgresStatement {
    direction == .forward ? candidatesForward : candidatesBackward
  }

  private static let candidatesForward = makeCandidates("ASC")
  private static let candidatesBackward = makeCandidates("DESC")

  private static func makeCandidates(_ order: String) -> PostgresStatement {
    page(
      "read events by tag and type",
      order,
      candidates: found(order, tags: "$6", types: "$7")
    )
  }

  /// The positions alone: $1 and $2 the lowest and highest, $3 how many, $4 tags, $5 types.
  package static func places(_ direction: Direction) -> PostgresStatement {
    direction == .forward ? placesForward : placesBackward
  }

  private static let placesForward = makePlaces("ASC")
  private static let placesBackward = makePlaces("DESC")

  private static func makePlaces(_ order: String) -> PostgresStatement {
    PostgresStatement(
      "read positions by tag and type",
      """
      SELECT l.head, l.log_epoch, p.position FROM log_head l
      LEFT JOIN LATERAL (
        \(found(order, tags: "$4", types: "$5"))
      ) p ON true
      ORDER BY p.position \(order)
      """
    )
  }

  /// The positions at which tags and types stand in the indexes.
  private static func found(_ order: String, tags: String, types: String) -> String {
    """
    SELECT position FROM (
      SELECT t.position FROM unnest(\(tags)::bytea[]) AS k(tag) CROSS JOIN LATERAL (
        SELECT position FROM event_tag x WHERE x.tag = k.tag AND position BETWEEN $1 AND $2
        ORDER BY position \(order) LIMIT $3
      ) t
      UNION
      SELECT t.position FROM unnest(\(types)::bytea[]) AS k(type) CROSS JOIN LATERAL (
        SELECT position FROM event x WHERE x.type = k.type AND position BETWEEN $1 AND $2
        ORDER BY position \(order) LIMIT $3
      ) t
    ) u
    ORDER BY position \(order) LIMIT $3
    """
  }

  private static func page(
    _ purpose: String,
    _ order: String,
    candidates: String
  ) -> PostgresStatement {
    PostgresStatement(
      purpose,
      """
      SELECT l.head, l.log_epoch, p.position, p.gone, p.envelope
      FROM log_head l
      LEFT JOIN LATERAL (
        SELECT position, gone, CASE WHEN gone AND NOT $5 THEN NULL ELSE envelope END AS envelope
        FROM (
          SELECT e.position, e.envelope,
            r.name IS NOT NULL AND (r.tombstoned OR e.revision < r.first) AS gone,
            sum(octet_length(e.envelope)) OVER (ORDER BY e.position \(order))
              - octet_length(e.envelope) AS before
          FROM (
            \(candidates)
          ) c
          JOIN event e ON e.position = c.position
          LEFT JOIN stream_removal r ON r.name = e.stream
        ) b WHERE before < $4
      ) p ON true
      ORDER BY p.position \(order)
      """
    )
  }

  /// How many events bear each of the tags $1 between $2 and $3, counted up to $4.
  package static let countTags = PostgresStatement(
    "count tags",
    """
    SELECT k.number, (
      SELECT count(*) FROM (
        SELECT FROM event_tag x WHERE x.tag = k.tag AND position BETWEEN $2 AND $3 LIMIT $4
      ) c
    )
    FROM unnest($1::bytea[]) WITH ORDINALITY AS k(tag, number)
    """
  )
}

/// What the sessions of the log are set to.
package enum SessionParameters {
  /// For all: our tables alone, our rights alone, and a client that vanished is noticed soon.
  package static func common(schema: String, role: String?) -> [String: String] {
    var parameters = [
      "search_path": schema, "default_transaction_isolation": "read committed",
      "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3",
    ]
    if let role { parameters["role"] = role }
    return parameters
  }

  /// For readers: plans that always walk the indexes, whatever the statistics say.
  package static let reader = [
    "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
    "enable_bitmapscan": "off", "jit": "off",
  ]

  /// For who writes: a leader that is stopped in the middle of a commit gives its rows back before
  /// its lease ends, and before whoever waits for them gives up.
  package static let writer = [
    "idle_in_transaction_session_timeout": "2000", "lock_timeout": "4000", "jit": "off",
  ]
}
