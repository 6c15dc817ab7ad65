import EventLogCore
import EventLogPostgres
import EventLogRemote
import EventsService
import GRPCCore
import Logging
import Testing

/// One of several processes that share a log, in this process: the log, its Event Service on a
/// port, and the engine that passes on what it cannot append itself.
final class Member: Sendable {
  let log: PostgresEventLog
  let engine: ForwardingEventLog
  let server: RunningServer

  private init(_ log: PostgresEventLog, _ engine: ForwardingEventLog, _ server: RunningServer) {
    self.log = log
    self.engine = engine
    self.server = server
  }

  /// Opens the log and says where it is reached.
  ///
  /// - patience: how long a request is tried.
  /// - passesOn: whether its own Event Service passes requests on.
  static func join(
    _ test: PostgresTest,
    patience: Duration = .seconds(20),
    passesOn: Bool = true
  ) async throws -> Member {
    let log = try await test.open(poll: .milliseconds(50))
    var settings = ForwardingSettings()
    settings.patience = patience
    let engine = ForwardingEventLog(log, settings: settings)
    let server = try await RunningServer(
      passesOn ? engine : log,
      authority: TermAuthority(Everybody(), log: log),
      more: [ClusterService(log)]
    )
    log.advertise("127.0.0.1:\(server.port)")
    return Member(log, engine, server)
  }

  /// Lends two members, the first of which leads.
  static func pair<R>(
    patience: Duration = .seconds(20),
    passesOn: Bool = true,
    _ body: (PostgresTest, Member, Member) async throws -> R
  ) async throws -> R {
    try await PostgresTest.withSchema { test in
      let leader = try await join(test, patience: patience, passesOn: passesOn)
      let standby = try await join(test, patience: patience, passesOn: passesOn)
      try await until("the standby knows who leads") { standby.log.leadership.leader != nil }
      let result: Result<R, any Error>
      do {
        result = .success(try await body(test, leader, standby))
      } catch {
        result = .failure(error)
      }
      await standby.leave()
      await leader.leave()
      return try result.get()
    }
  }

  func leave() async {
    await server.stop()
    await engine.close()
  }
}

/// Lets every token but a secret do everything that tokens can.
private struct Everybody: CallAuthority {
  func rights(of token: String) -> CallRights? {
    token == "client" ? [.append, .read, .admin] : token == "reader" ? .read : nil
  }
}
