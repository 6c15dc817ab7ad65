package import EventLogCore
package import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import Glibc
package import Logging
internal import NIOCore
internal import Schemas
internal import WeaveRuntime

/// Where the Event Service listens, and who may call.
package struct EventServerSettings: Sendable {
  /// A certificate chain and its key, in PEM files.
  package struct Certificate: Sendable {
    package let chain: String
    package let key: String

    package init(chain: String, key: String) {
      self.chain = chain
      self.key = key
    }
  }

  /// The address to bind to: an IPv4 or IPv6 address.
  package var host = "127.0.0.1"
  /// The port; 0 lets the system choose.
  package var port = 50051
  /// What the server shows to prove who it is; nil leaves the line in plain text.
  package var certificate: Certificate?
  /// Who knows the tokens; nil lets everybody do everything.
  package var authority: (any CallAuthority)?
  /// How long running calls may go on once the server stops.
  package var drain = Duration.seconds(10)
  /// Connections at once, of many clients with one each: more are closed as they come.
  package var connections = 8192
  /// Calls on one connection at once: ten thousand subscriptions of one process, and room for what
  /// it appends and reads meanwhile.
  ///
  /// Said nothing, clients hold back everything beyond a hundred, the appends behind subscriptions
  /// that never end.
  package var streamsPerConnection = 16_384

  package init() {}

  /// Says what is wrong with the settings; nil if they can be served with.
  package var complaint: String? {
    guard authority != nil, certificate == nil, !Self.isLoopback(host) else { return nil }
    return
      "tokens would cross the network in plain text: give a certificate for \(host), or listen "
      + "at 127.0.0.1"
  }

  /// Whether an address leads to this machine alone.
  package static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }
}

/// The Event Service on the network: gRPC over HTTP/2.
///
/// - Shape: `run` serves until `beginGracefulShutdown`, which tells those who watch the health,
///   takes no more calls and ends the streams; or until it is cancelled.
/// - Errors: `run` throws if the address cannot be listened at.
package final class EventServer: Sendable {
  private typealias Transport = HTTP2ServerTransport.Posix

  private let server: GRPCServer<Transport>
  private let transport: Transport
  private let board: HealthBoard
  private let probe: AppendProbe
  private let deadlines = CallDeadlines()
  private let running: RunningCalls?
  private let settings: EventServerSettings
  private let logger: Logger
  private let stopping = AsyncStream.makeStream(of: Void.self)

  /// Makes a server; nothing is listened at before `run`.
  ///
  /// - Parameters:
  ///   - store: the log that is served.
  ///   - services: what is answered; `grpc.health.v1.Health` comes with the server.
  ///   - settings: where to listen, and who may call.
  ///   - logger: for the start and the end.
  package init(
    _ store: EventStore,
    services: [any RegistrableRPCService],
    settings: EventServerSettings,
    logger: Logger
  ) {
    self.settings = settings
    self.logger = logger
    probe = AppendProbe(engine: store.engine)
    transport = Transport(
      address: settings.host.contains(":")
        ? .ipv6(host: settings.host, port: settings.port)
        : .ipv4(
          host: settings.host == "localhost" ? "127.0.0.1" : settings.host,
          port: settings.port
        ),
      transportSecurity: Self.security(settings.certificate),
      config: Self.transportSettings(settings, logger)
    )
    var router = RPCRouter<Transport>()
    for service in services { service.registerMethods(with: &router) }
    board = HealthBoard(services: router.methods.map { $0.service.fullyQualifiedService })
    HealthService(board: board).registerMethods(with: &router)
    var interceptors: [any ServerInterceptor] = []
    running = settings.authority.map { RunningCalls(authority: $0) }
    if let authority = settings.authority, let running {
      interceptors.append(TokenCheck(authority: authority, running: running))
    }
    interceptors += [LogPin(store: store), CallBounds(deadlines: deadlines)]
    let pipeline = interceptors.map {
      ConditionalInterceptor<any ServerInterceptor>.apply($0, to: .all)
    }
    router.registerInterceptors(pipeline: pipeline)
    server = GRPCServer(transport: transport, router: router)
  }

  /// Serves until a graceful shutdown has begun and the running calls have ended.
  ///
  /// - Parameter onListening: told the port once it is bound.
  /// - Throws: what keeps the port from being bound.
  package func run(onListening: @escaping @Sendable (Int) async -> Void) async throws {
    if settings.authority == nil, !EventServerSettings.isLoopback(settings.host) {
      logger.warning(
        "The event service is open to everybody who can reach it",
        metadata: ["host": "\(settings.host)"]
      )
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.server.serve() }
      group.addTask { try await self.watchLog() }
      group.addTask { try await self.deadlines.run() }
      if let running { group.addTask { try await running.run() } }
      group.addTask {
        if let address = try? await self.transport.listeningAddress,
          let port = address.ipv4?.port ?? address.ipv6?.port
        {
          await onListening(port)
        }
        // Sleeps on until the server stops; then running calls have a limited time.
        for await _ in self.stopping.stream {}
        try await Task.sleep(for: self.settings.drain)
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// Tells that the services can be used no more, and ends calls.
  package func beginGracefulShutdown() {
    board.set(serving: false)
    stopping.continuation.finish()
    server.beginGracefulShutdown()
  }

  /// Says on the board whether appends work.
  private func watchLog() async throws {
    var isStopping = false
    // That it works from the start is no news.
    var expected = true
    while !isStopping {
      let works = await probe.works()
      isStopping = Task.isCancelled
      if works != expected, !isStopping {
        expected = works
        logger.notice(works ? "The log takes appends" : "The log takes no appends")
      }
      board.set(serving: works && !isStopping)
      try await Task.sleep(for: AppendProbe.pace)
    }
  }

  private static func security(
    _ certificate: EventServerSettings.Certificate?
  ) -> Transport.TransportSecurity {
    guard let certificate else { return .plaintext }
    return .tls(
      certificateChain: [.file(path: certificate.chain, format: .pem)],
      privateKey: .file(path: certificate.key, format: .pem)
    )
  }

  /// Half of the descriptors that the process may have is left to the log and its files.
  private static func limit(connections: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return connections
    }
    return min(connections, Int(clamping: limit.rlim_cur / 2))
  }

  private static func transportSettings(
    _ settings: EventServerSettings,
    _ logger: Logger
  ) -> Transport.Config {
    let limit = limit(connections: settings.connections)
    return .defaults { config in
      // The transport has one figure for a stream and for the connection: two requests of the
      // largest size may be on their way, and no stream holds more than this.
      config.http2.targetWindowSize = 8 << 20
      config.http2.maxConcurrentStreams = settings.streamsPerConnection
      config.rpc.maxRequestPayloadSize = EventCalls.requestBytes
      // Clients ping every five seconds, also without a call; who pings faster than this is
      // dropped. Whether they are there is asked by the guard of each connection.
      config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(1)
      config.connection.keepalive.clientBehavior.allowWithoutCalls = true
      config.channelDebuggingCallbacks.onAcceptTCPConnection = ConnectionGuard.watch
      config.channelDebuggingCallbacks.onBindTCPListener = { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ListenerGuard(limit: limit, logger: logger, open: ConnectionCount())
          )
        }
      }
    }
  }
}
