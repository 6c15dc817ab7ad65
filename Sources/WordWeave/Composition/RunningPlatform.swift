internal import Crypto
internal import EventLogCore
internal import EventsService
internal import Foundation
internal import Gateway
internal import IdentityStandIn
internal import Logging
internal import MessagingCore
internal import MessagingInProcess
internal import Metrics
internal import ProjectionsCore
internal import ServiceCatalog
internal import ServiceKit
internal import ServiceLifecycle
internal import WeaveRuntime

/// Everything that one process runs, wired but not yet running.
///
/// The order of `services` is the order of starting; it is stopped in reverse, so that the gateway
/// drains while everything that it asks still answers.
struct PlatformParts {
  /// Threads that hash passwords: as many as the machine has cores here; a hash takes 100 ms.
  private static let hashingThreads = 2

  /// How long requests in flight may go on at the end; no idle process waits for it.
  private static let drainDeadline = Duration.seconds(25)

  let directory: DataDirectory
  let log: OpenedLog
  let models: [ReadModels]
  let services: [any Service]

  /// Opens the data directory and makes all parts.
  ///
  /// - Parameters:
  ///   - configuration: where everything is and listens.
  ///   - logger: where all parts log.
  ///   - onReady: told where, once everything listens.
  /// - Throws: what keeps the directory, the log or a read model from being opened.
  init(
    _ configuration: PlatformConfiguration,
    logger: Logger,
    onReady: @escaping @Sendable (Listening) async -> Void
  ) async throws {
    directory = try DataDirectory(at: configuration.data)
    log = try await OpenedLog.open(configuration, in: directory, logger: logger)
    let store = EventStore(log.engine, logger: logger)
    let host = HandlerHost(log: log.engine, feed: InProcessFeed(), logger: logger)
    let lanes = FeedLanes(host, logger: logger)

    let secret = configuration.redisSecret ?? directory.operatorToken
    let shared = configuration.redis.map { SharedSnapshots($0, secret: secret, logger: logger) }
    let local = LocalServices()
    var models: [ReadModels] = []
    var background: [any Service] = []
    for module in configuration.runsEventsAlone ? [] : catalog {
      let model = try ReadModels(of: module.name, in: directory, log: log.engine, logger: logger)
      let assembly = try module.assemble(
        ServiceContext(
          eventStore: store,
          projections: model.runtime,
          grpc: local,
          snapshots: shared?.queue,
          logger: logger
        )
      )
      local.add(assembly.grpcServices)
      models.append(model)
      background += assembly.background.map { ClosureService("\(module.name) background", $0) }
    }
    // The Event Service's own read model; it follows the log itself and needs no feed.
    let audit = try ReadModels(
      of: EventsModule.name,
      in: directory,
      log: log.engine,
      logger: logger
    )
    let auditIndex = try EventsModule.auditIndex(in: audit.runtime)
    self.models = models + [audit]

    let replays = ReplayBoard()
    let eventServices = EventsModule.services(
      store,
      log: log.administration,
      projections: LocalProjections(models: self.models, lanes: lanes),
      audit: auditIndex,
      replays: replays,
      snapshots: shared?.queue
    )
    let events = LocalEventService(eventServices)
    let network = try configuration.eventServer(
      store,
      services: eventServices + [UmaDBEndpoint(log: log.engine)],
      log: log,
      directory: directory,
      logger: logger
    )
    // Alone, the log has nobody beside it: what asks for users or posts is told so.
    let upstreams =
      configuration.runsEventsAlone
      ? Upstreams(events.client)
      : Upstreams(users: try local.users(), posts: try local.posts(), events: events.client)

    var settings = GatewayConfiguration(cursorKey: Self.cursorKey(directory.operatorToken))
    settings.host = configuration.host
    settings.port = configuration.port
    settings.operatorToken = directory.operatorToken
    settings.drainDeadline = Self.drainDeadline
    if !configuration.onlyReads {
      let health = AppendHealth(engine: log.engine)
      settings.takesAppends = { await health.works() }
    }
    let origin = PublicOrigin(settings)
    let identity =
      configuration.runsEventsAlone
      ? nil
      : try LocalIdentity(
        store: try FileIdentityStore(directory: directory.identity),
        origin: origin,
        upstreams: upstreams,
        blocking: Hashing(threads: Self.hashingThreads),
        clock: settings.clock,
        logger: logger
      )
    let gateway = GatewayServer(
      settings,
      upstreams: upstreams,
      keys: identity ?? NoKeys(),
      origin: origin,
      extensions: identity.map { [$0] } ?? [],
      registry: processMetrics,
      logger: logger
    ) { port in
      let grpcPort = await network?.port()
      // An Event Service that cannot listen ends the process, which says why.
      guard network == nil || grpcPort != nil else { return }
      await onReady(Listening(url: "http://\(configuration.host):\(port)", grpcPort: grpcPort))
    }

    var services: [any Service] = [
      GRPCServerService(server: events.server),
      GRPCClientService(client: events.client),
    ]
    if !models.isEmpty { services.append(ClosureService("feed") { await host.run() }) }
    services += models.map { model in
      ClosureService("\(model.service) projections") { try await model.runtime.run(lanes: lanes) }
    }
    services.append(ClosureService("audit index") { try await audit.runtime.run(lanes: NoLanes()) })
    // Who leaves a shared log to others tells it nothing; whoever serves this directory next does.
    if log.isServed, log.shared == nil || !configuration.onlyReads {
      let record = TokenRecord(log.engine, keeper: Self.keeper(directory.operatorToken))
      let tokens = TokenWatch(path: directory.tokens, record: record, logger: logger)
      services.append(ClosureService("tokens") { try await tokens.run() })
    }
    services += background
    services.append(ClosureService("replays") { await replays.run() })
    if let shared { services.append(ClosureService("snapshots") { await shared.run() }) }
    services.append(ClosureService("heap") { try await QuietHeap.keep() })
    // The log in the data directory is nobody else's.
    if log.shared != nil || !log.isServed {
      let watch = LogWatch(log: log.engine, place: log.place)
      services.append(ClosureService("log") { try await watch.run() })
    }
    if let identity { services.append(identity) }
    if let network { services.append(network) }
    self.services = services + [gateway]
  }

  /// Closes the stores; everything that was answered is on disk already.
  func close() async {
    for model in models { await model.store.close() }
    await log.engine.close()
  }

  /// Tells data directories apart in the record of tokens, without telling where they are.
  private static func keeper(_ token: String) -> String {
    Identifier.hex(SHA256.hash(data: Data(("wordweave keeper " + token).utf8)).prefix(8))
  }

  /// Seals cursors with a key that follows from the operator token, so that it outlives restarts.
  private static func cursorKey(_ token: String) -> [UInt8] {
    Array(SHA256.hash(data: Data(("wordweave cursors " + token).utf8)))
  }
}

/// For a process that nobody signs in to: operators alone are known.
private struct NoKeys: KeySource {
  func accepts(issuer: String) -> Bool { false }
  func key(issuer: String, kid: String) async throws(KeySourceFailure) -> VerificationKey? { nil }
  var isReady: Bool { true }
}

/// Password hashing on threads of its own.
private struct Hashing: BlockingWork {
  private let pool: BlockingPool
  init(threads: Int) { pool = BlockingPool(name: "hashing", threads: threads) }
  func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await pool.run(body)
  }
}

/// What `/metrics` shows; the metrics system of a process can be set up once only.
let processMetrics: PrometheusRegistry = {
  let registry = PrometheusRegistry()
  MetricsSystem.bootstrap(registry)
  return registry
}()
