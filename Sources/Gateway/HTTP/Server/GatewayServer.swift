internal import Hummingbird
public import Logging
internal import NIOCore
public import ServiceLifecycle
internal import Synchronization

/// Routes that another room adds to the gateway, such as the development identity.
public protocol GatewayExtension: Sendable {
  /// Called once, before the gateway is served.
  func makeRoutes() -> GatewayRoutes
}

/// Routes on their way from one room to another.
public struct GatewayRoutes: Sendable {
  package let all: [Route]
  package init(_ all: [Route]) { self.all = all }
}

/// The HTTP gateway as a service: listens, answers, and drains when asked to end.
///
/// - Shape: run it in a service group whose graceful shutdown starts the drain: readiness ends at
///   once, requests are served on for `drainDelay`, then no connection is accepted any more and
///   what is in flight has `drainDeadline` to end.
/// - Errors: `run` throws if the address cannot be listened at.
public final class GatewayServer: Service {
  private let core: GatewayCore
  private let table: RouteTable
  private let unmatched: RouteMeter
  private let onReady: @Sendable (Int) async -> Void

  /// Makes a gateway; nothing is listened at before `run`.
  ///
  /// - Parameters:
  ///   - configuration: where to listen, and the rules.
  ///   - upstreams: the services.
  ///   - keys: what verifies tokens.
  ///   - origin: told the port once it is known, unless the configuration names an origin.
  ///   - extensions: further routes.
  ///   - registry: what `/metrics` shows.
  ///   - logger: for refusals and failures.
  ///   - onReady: called once with the port listened at.
  public init(
    _ configuration: GatewayConfiguration,
    upstreams: Upstreams,
    keys: any KeySource,
    origin: PublicOrigin,
    extensions: [any GatewayExtension] = [],
    registry: PrometheusRegistry,
    logger: Logger,
    onReady: @escaping @Sendable (Int) async -> Void
  ) {
    core = GatewayCore(
      configuration,
      upstreams: upstreams,
      keys: keys,
      origin: origin,
      registry: registry,
      logger: logger
    )
    let own =
      HealthRoutes.all + PageRoutes.all + UsersRoutes.all + PostsRoutes.all + RevisionsRoutes.all
      + LogRoutes.all + AuditRoutes.all + ProjectionsRoutes.all + ImportRoutes.all
      + TransferRoutes.all + OperationsRoutes.all + ReplaysRoutes.all

    table = RouteTable(own + extensions.flatMap { $0.makeRoutes().all }, registry: registry)
    unmatched = RouteMeter(registry, route: "unmatched", method: "any")
    self.onReady = onReady
  }

  /// Serves until the graceful shutdown of the surrounding service group, or until cancelled.
  public func run() async throws {
    let configuration = core.configuration
    let app = Application(
      responder: GatewayResponder(core: core, table: table, unmatched: unmatched),
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [ConnectionHandler()],
          idleTimeout: .seconds(75),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: GatewayLimits.decoderHeaders,
            maxHeaderListSize: GatewayLimits.decoderHeaders,
            maxHeaderFieldCount: GatewayLimits.headerFields
          )
        )
      ),
      configuration: .init(address: .hostname(configuration.host, port: configuration.port)),
      onServerRunning: { [core, onReady] channel in
        let port = channel.localAddress?.port ?? configuration.port
        if configuration.publicOrigin == nil {
          core.origin.set("http://\(configuration.host):\(port)")
        }
        await onReady(port)
      },
      logger: Self.quiet(core.logger)
    )
    try await serve(app)
  }

  /// The application runs outside the surrounding group's shutdown, so that it can be served on
  /// while balancers take notice; this function owns it and ends it.
  private func serve(_ app: some Service) async throws {
    let group = ServiceGroup(configuration: .init(services: [app], logger: Self.quiet(core.logger)))
    let serving = Task.detached { try await group.run() }
    let (shutdown, signal) = AsyncStream.makeStream(of: Void.self)
    try await withTaskCancellationHandler {
      try await withGracefulShutdownHandler {
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
          tasks.addTask { [core] in
            do {
              try await serving.value
            } catch is CancellationError where core.isClosing {}
            return true
          }
          tasks.addTask { [core] in
            for await _ in shutdown { break }
            guard !Task.isCancelled else { return false }
            await Self.drain(core, group, serving)
            return false
          }
          while let hasEnded = try await tasks.next() {
            if hasEnded { break }
          }
          tasks.cancelAll()
        }
      } onGracefulShutdown: {
        signal.yield()
        signal.finish()
      }
    } onCancel: {
      serving.cancel()
    }
  }

  private static func drain(
    _ core: GatewayCore,
    _ group: ServiceGroup,
    _ serving: Task<Void, any Error>
  ) async {
    core.phase.store(GatewayCore.Phase.draining.rawValue, ordering: .relaxed)
    try? await Task.sleep(for: core.configuration.drainDelay)
    core.phase.store(GatewayCore.Phase.closing.rawValue, ordering: .relaxed)
    await group.triggerGracefulShutdown()
    do {
      try await Task.sleep(for: core.configuration.drainDeadline)
      serving.cancel()
    } catch {
      // Everything has ended by itself.
    }
  }

  /// The server's own notes at info are of its start and end only; the composition root tells
  /// those better.
  private static func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .notice)
    return logger
  }
}
