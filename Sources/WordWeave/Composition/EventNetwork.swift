internal import EventLogCore
internal import EventLogPostgres
internal import EventsService
internal import GRPCCore
internal import Logging
internal import ServiceLifecycle

/// Where a process answers.
struct Listening: Sendable {
  /// The gateway's address.
  let url: String
  /// The Event Service's port; nil if it is not on the network.
  let grpcPort: Int?
}

/// The Event Service on the network, as a part of the process.
final class EventNetwork: Service, CustomStringConvertible {
  let description = "event service"
  private let server: EventServer
  private let configuration: PlatformConfiguration
  private let onBound: @Sendable (Int) -> Void
  private let bound = AsyncStream.makeStream(of: Int.self)

  init(
    _ server: EventServer,
    _ configuration: PlatformConfiguration,
    onBound: @escaping @Sendable (Int) -> Void
  ) {
    self.server = server
    self.configuration = configuration
    self.onBound = onBound
  }

  func run() async throws {
    defer { bound.continuation.finish() }
    do {
      try await withGracefulShutdownHandler {
        try await server.run { [bound, onBound] port in
          onBound(port)
          bound.continuation.yield(port)
        }
      } onGracefulShutdown: {
        self.server.beginGracefulShutdown()
      }
    } catch is CancellationError {
      // The process stops.
    } catch {
      throw failure(error)
    }
  }

  /// The port, once it is bound; nil if it never is.
  func port() async -> Int? { await bound.stream.first { _ in true } }

  private func failure(_ error: any Error) -> CommandError {
    let text = String(describing: error)
    let isPort = text.lowercased().contains("address already in use")
    let port = configuration.grpcPort ?? 0
    return CommandError(
      "starting the event service on \(configuration.grpcHost)",
      found: isPort ? "port \(port) is in use by another process" : text,
      advice: isPort ? "stop that process, or choose another port with --grpc-port" : nil,
      code: .unavailable
    )
  }
}

extension PlatformConfiguration {
  /// The Event Service on the network; nil if it stays inside the process.
  func eventServer(
    _ store: EventStore,
    services: [any RegistrableRPCService],
    log: OpenedLog,
    directory: DataDirectory,
    logger: Logger
  ) throws -> EventNetwork? {
    guard let grpcPort else { return nil }
    guard log.isServed else {
      logger.notice(
        "The Event Service is that of the log; none is served here",
        metadata: ["log": "\(log.place)"]
      )
      return nil
    }
    var settings = EventServerSettings()
    settings.host = grpcHost
    settings.port = grpcPort
    settings.certificate = grpcCertificate
    if grpcTakesTokens {
      let tokens = TokenFile(
        path: directory.tokens,
        operatorToken: directory.operatorToken,
        logger: logger
      )
      settings.authority = log.shared.map { TermAuthority(tokens, log: $0) } ?? tokens
    }
    if grpcHost != host {
      logger.notice(
        "The Event Service listens on this machine alone: give --grpc-cert and --grpc-key",
        metadata: ["address": "\(grpcHost):\(grpcPort)"]
      )
    }
    let forwarded = log.shared.map { [ClusterService($0)] } ?? []
    let server = EventServer(
      store,
      services: services + forwarded,
      settings: settings,
      logger: logger
    )
    return EventNetwork(server, self) { port in log.shared?.advertise(advertised(port: port)) }
  }
}
