import EventLogConformance
import EventLogCore
import EventLogPostgres
import EventLogRemote
import EventsService
import Testing

/// A log in Postgres as one sees it who does not lead: every change goes to another member over a
/// connection.
final class ForwardedLog: EngineWrapper {
  private let leader: PostgresEventLog
  private let server: RunningServer
  let base: any EventLogEngine

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
    _ base: any EventLogEngine
  ) {
    self.leader = leader
    self.server = server
    self.base = base
  }

  /// The one who passes on goes first: what it was asked is answered by the one who leads.
  func close() async {
    await base.close()
    await server.stop()
    await leader.close()
  }
}
