internal import EventLogCore
internal import EventLogPostgres
internal import EventLogRemote
internal import EventsService

/// The log in Postgres, as the Event Service looks after it.
struct PostgresLogAdministration: LogAdministration {
  let log: PostgresEventLog

  func facts() async throws(EventLogError) -> LogFacts {
    let found = try await log.statistics()
    var facts = LogFacts(
      engine: "postgres",
      events: found.events,
      streams: found.streams,
      bytesOnDisk: found.bytesOnDisk
    )
    facts.streamsWithRemovals = UInt64(found.streamsWithRemovals)
    facts.takesAppends = log.isLeading
    facts.leader = found.leader
    facts.leaderEpoch = UInt64(max(0, found.leaderEpoch))
    return facts
  }

  func streams(
    prefix: String,
    after: StreamName?,
    limit: Int
  ) async throws(EventLogError) -> [ListedStream] {
    try await log.streams(prefix: prefix, after: after, limit: limit).map {
      ListedStream(name: $0.name, state: $0.state)
    }
  }

  func verify(
    progress: @escaping @Sendable (GlobalPosition) -> Void
  ) async throws(EventLogError) {
    try await log.verify { position, _ in progress(position) }
  }

  func handOverLeadership() async throws(EventLogError) { try await log.handOver() }
}

/// The log of another process, which that one's Event Service looks after.
struct RemoteLogAdministration: LogAdministration {
  let log: RemoteEventLog

  func facts() async throws(EventLogError) -> LogFacts {
    let found = try await log.statistics()
    return LogFacts(
      engine: found.engine + ", remote",
      events: found.events,
      streams: found.streams,
      bytesOnDisk: found.bytesOnDisk
    )
  }

  func verify(
    progress: @escaping @Sendable (GlobalPosition) -> Void
  ) async throws(EventLogError) {
    try await log.verify(progress: progress)
  }
}
