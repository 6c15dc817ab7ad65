public import EventLogCore
internal import PostgresDriver

extension PostgresEventLog {
  /// What a log holds.
  public struct Statistics: Hashable, Sendable {
    /// How many events there are: the head.
    public let events: UInt64
    /// How many streams were ever written, the log's own control streams (`$$`) among them.
    public let streams: UInt64
    /// How many streams were truncated or tombstoned.
    public let streamsWithRemovals: Int
    /// Bytes of all tables and indexes of the log.
    public let bytesOnDisk: UInt64
    /// How often the lead was taken over or given back.
    public let leaderEpoch: Int64
    /// Where the leader is reached; empty if it told nothing or nobody leads.
    public let leader: String
  }

  private static let count = PostgresStatement(
    "count what the log holds",
    """
    SELECT head, streams, leader_epoch, address,
      (SELECT count(*) FROM stream_removal),
      pg_total_relation_size('event') + pg_total_relation_size('event_tag')
        + pg_total_relation_size('stream_removal') + pg_total_relation_size('tracking')
    FROM log_head
    """
  )

  /// Reads what the tables know of themselves.
  public func statistics() async throws(EventLogError) -> Statistics {
    try await reading { storage, _ throws(EventLogError) in
      try storage.reading { session throws(PostgresError) in
        let rows = try session.run(Self.count())
        return Statistics(
          events: try rows.number(0, 0),
          streams: try rows.number(0, 1),
          streamsWithRemovals: Int(try rows.number(0, 4)),
          bytesOnDisk: try rows.number(0, 5),
          leaderEpoch: rows.integer(0, 2) ?? 0,
          leader: rows.text(0, 3) ?? ""
        )
      }
    }
  }

  /// Checks every event's checksum and place, that every table agrees with the events, and that the
  /// tables hold nothing else.
  ///
  /// One is under way at a time, on a thread and a session of its own.
  ///
  /// - Parameter progress: gets (checked so far, head), every few thousand events.
  /// - Throws: `.corrupt` at the first disagreement; `.unavailable` where the server is behind what was
  ///   published, or in another epoch of the log; `.overloaded` beside another.
  public func verify(
    progress: @escaping @Sendable (GlobalPosition, GlobalPosition) -> Void = { _, _ in }
  ) async throws(EventLogError) {
    try await reader.administering { storage, head, stop throws(EventLogError) in
      guard let storage = storage as? PostgresStorage else { throw .closed }
      try LogVerification.run(storage, at: head) { position throws(EventLogError) in
        try stop.check()
        // What comes meanwhile is checked, too.
        progress(min(GlobalPosition(position), head), head)
      }
    }
  }

  /// Gives the lead to another process that has the log open: stops appending, and takes no lead for
  /// the time of a lease.
  ///
  /// Where no other process stands by, nobody appends for that time.
  ///
  /// - Throws: `.notLeader` where another process leads.
  public func handOver() async throws(EventLogError) {
    guard isLeading else { throw .notLeader(address: nil) }
    keeper.standBack()
    while isLeading {
      guard (try? await Task.sleep(for: Self.handOverPace)) != nil else { throw .cancelled }
    }
  }

  /// How often is looked whether the lead was given back.
  private static let handOverPace = Duration.milliseconds(5)
}
