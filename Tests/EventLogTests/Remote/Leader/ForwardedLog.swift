import EventLogCore
import EventLogPostgres
import EventLogRemote
import EventsService
import Testing

/// A log in Postgres as one sees it who does not lead: every change goes to another member over a
/// connection.
final class ForwardedLog: EventLogEngine {
  private let leader: PostgresEventLog
  private let server: RunningServer
  private let engine: ForwardingEventLog

  /// Opens the log twice; the second one is this.
  static func open(
    url: String,
    schema: String,
    clock: @escaping @Sendable () -> Timestamp
  ) async throws -> ForwardedLog {
    let leader = try await PostgresEventLog.open(url: url, schema: schema, clock: clock)
    let server = try await RunningServer(
      leader,
      authority: TermAuthority(nil, log: leader),
      more: [ClusterService(leader)]
    )
    leader.advertise("127.0.0.1:\(server.port)")
    let standby = try await PostgresEventLog.open(url: url, schema: schema, clock: clock)
    try await until("the standby knows who leads") { standby.leadership.leader != nil }
    return ForwardedLog(leader, server, ForwardingEventLog(standby))
  }

  private init(
    _ leader: PostgresEventLog,
    _ server: RunningServer,
    _ engine: ForwardingEventLog
  ) {
    self.leader = leader
    self.server = server
    self.engine = engine
  }

  var identity: LogIdentity { engine.identity }

  func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    try await engine.append(request)
  }

  func read(
    _ stream: StreamName,
    from: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try await engine.read(stream, from: from, direction: direction, limit: limit)
  }

  func readAll(
    after: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    try await engine.readAll(
      after: after,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await engine.position(of: id)
  }

  func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await engine.tracking(of: source)
  }

  func head(beyond: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
    try await engine.head(beyond: beyond)
  }

  func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    try await engine.restore(events)
  }

  /// The one who passes on goes first: what it was asked is answered by the one who leads.
  func close() async {
    await engine.close()
    await server.stop()
    await leader.close()
  }
}
