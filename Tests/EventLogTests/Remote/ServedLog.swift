import EventLogConformance
import EventLogCore
import EventLogRemote
import EventsService
import GRPCCore
import Logging

/// A log behind a real server on loopback, seen through its client.
final class ServedLog: EngineWrapper {
  let remote: RemoteEventLog
  let server: RunningServer
  private let served: any EventLogEngine
  var base: any EventLogEngine { remote }

  private init(_ remote: RemoteEventLog, _ server: RunningServer, _ served: any EventLogEngine) {
    self.remote = remote
    self.server = server
    self.served = served
  }

  static func serve(_ base: any EventLogEngine) async throws -> ServedLog {
    let server = try await RunningServer(base)
    let remote = try await RemoteEventLog.connect(
      RemoteSettings(host: "127.0.0.1", port: server.port)
    )
    return ServedLog(remote, server, base)
  }

  func close() async {
    await remote.close()
    await server.stop()
    await served.close()
  }
}

/// The services of a log on a loopback port.
final class RunningServer: Sendable {
  let port: Int
  private let server: EventServer
  private let serving: Task<Void, any Error>

  /// - authority: who may call; nil lets everybody.
  /// - more: services beside those of the log.
  init(
    _ engine: any EventLogEngine,
    port: Int = 0,
    authority: (any CallAuthority)? = nil,
    more: [any RegistrableRPCService] = []
  ) async throws {
    var settings = EventServerSettings()
    settings.port = port
    settings.authority = authority
    let store = EventStore(engine)
    var logger = Logger(label: "test.events")
    logger.logLevel = .error
    let server = EventServer(
      store,
      services: EventsModule.logServices(store, log: NoAdministration()) + more,
      settings: settings,
      logger: logger
    )
    let (ports, bound) = AsyncStream.makeStream(of: Int.self)
    let serving = Task {
      defer { bound.finish() }
      try await server.run { bound.yield($0) }
    }
    self.server = server
    self.serving = serving
    guard let port = await ports.first(where: { _ in true }) else {
      try await serving.value
      throw EventLogError.unavailable("the server ended before it listened")
    }
    self.port = port
  }

  /// Stops as a process does that is asked to.
  func stop() async {
    server.beginGracefulShutdown()
    try? await serving.value
  }

  /// Stops as a process does that is killed, as far as its callers can tell.
  func crash() async {
    serving.cancel()
    try? await serving.value
  }
}

private struct NoAdministration: LogAdministration {
  func facts() async throws(EventLogError) -> LogFacts {
    throw .unavailable("no administration here")
  }

  func verify(
    progress: @escaping @Sendable (GlobalPosition) -> Void
  ) async throws(EventLogError) {}
}
