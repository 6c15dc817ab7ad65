package import EventLogCore
package import GRPCCore
package import Logging
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
  /// How long a call may take whose caller does not say, and the request of a stream to be whole.
  package var callLimit = CallBounds.defaultLimit
  /// Bytes of answers that may wait for their reader on one connection.
  package var answerBytes = AnswerRoom.bytes
  /// How long an answer may wait for its reader once the connection's room for answers is full.
  package var stallLimit = AnswerRoom.stallLimit
  /// Bytes of large requests that may be served at once.
  package var largeRequestBytes = LargeRequests.bytes

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
  private let server: GRPCServer<WireTransport>
  private let transport: WireTransport
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
    var router = RPCRouter<WireTransport>()
    for service in services { service.registerMethods(with: &router) }
    board = HealthBoard(services: router.methods.map { $0.service.fullyQualifiedService })
    HealthService(board: board).registerMethods(with: &router)
    let running = settings.authority.map { RunningCalls(authority: $0) }
    self.running = running
    let check = settings.authority.flatMap { authority in
      running.map { TokenCheck(authority: authority, running: $0) }
    }
    let pin = LogPin(store: store)
    var interceptors: [any ServerInterceptor] = check.map { [$0] } ?? []
    interceptors += [pin, CallBounds()]
    let pipeline = interceptors.map {
      ConditionalInterceptor<any ServerInterceptor>.apply($0, to: .all)
    }
    router.registerInterceptors(pipeline: pipeline)
    let direct = services.compactMap { $0 as? any DirectlyServed }.flatMap(\.directCalls)
    transport = WireTransport(
      settings,
      DirectCalls(direct, check: check, pin: pin, deadlines: deadlines),
      logger
    )
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
        if let port = await self.transport.port { await onListening(port) }
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

  /// Logs that appends work again, or why they do not and what helps.
  private func tell(_ failure: String?) {
    guard let failure else {
      logger.notice("The log takes appends")
      return
    }
    logger.error(
      """
      The log takes no appends: mend what the error tells of, such as a full disk or a database that \
      is away; after a failed write to the data directory start this process again
      """,
      metadata: [LoggingKeys.error: "\(failure)"]
    )
  }

  /// Says on the board whether appends work.
  private func watchLog() async throws {
    var isStopping = false
    // That it works from the start is no news.
    var expected = true
    while !isStopping {
      let failure = await probe.failure()
      let works = failure == nil
      isStopping = Task.isCancelled
      if works != expected, !isStopping {
        expected = works
        tell(failure)
      }
      board.set(serving: works && !isStopping)
      try await Task.sleep(for: AppendProbe.pace)
    }
  }
}
