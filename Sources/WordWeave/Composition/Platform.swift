internal import EventLogCore
internal import Logging
internal import ProjectionsCore
internal import ServiceLifecycle
internal import UnixSignals

/// Runs the whole system in this process.
enum Platform {
  /// Runs it until the process is told to stop: by SIGTERM or SIGINT, draining first.
  static func serve(_ configuration: PlatformConfiguration) async throws {
    var logger = Logger(label: "wordweave")
    logger.logLevel = Log.level(environment("WORDWEAVE_LOG_LEVEL"), default: .info)
    try await run(configuration, logger: logger, signals: [.sigterm, .sigint]) {
      address,
      grpcPort,
      ended in
      var places: Logger.Metadata = ["url": "\(address.url)", "data": "\(configuration.data)"]
      if let grpcPort { places["grpc"] = "\(configuration.advertised(port: grpcPort))" }
      logger.info("ready", metadata: places)
      await ended()
    }
  }

  /// Runs the system of a data directory that nobody serves while `body` runs.
  static func open<R>(
    directory: String,
    to use: LogOptions.Use,
    log: LogChoice? = nil,
    logToken: String? = nil,
    _ body: (SystemAddress) async throws -> R
  ) async throws -> R {
    var configuration = PlatformConfiguration(data: directory)
    configuration.port = 0
    configuration.grpcPort = nil
    configuration.onlyReads = use == .reads
    configuration.log = log
    configuration.logToken = logToken
    configuration.grpcTrust = environment("WORDWEAVE_GRPC_CA")
    var logger = Logger(label: "wordweave")
    logger.logLevel = Log.level(environment("WORDWEAVE_LOG_LEVEL"), default: .error)
    return try await run(configuration, logger: logger, signals: []) { address, _, _ in
      try await body(address)
    }
  }

  /// Runs all parts while `body` runs, which starts once everything listens and may wait for the
  /// parts to end.
  private static func run<R>(
    _ configuration: PlatformConfiguration,
    logger: Logger,
    signals: [UnixSignal],
    _ body: (SystemAddress, _ grpcPort: Int?, _ ended: () async -> Void) async throws -> R
  ) async throws -> R {
    let (ready, isReady) = AsyncStream.makeStream(of: Listening.self)
    let parts: PlatformParts
    do {
      parts = try await PlatformParts(configuration, logger: logger) { isReady.yield($0) }
    } catch {
      throw starting(configuration, error)
    }
    let directory = parts.directory
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: parts.services.map {
          .init(
            service: $0,
            successTerminationBehavior: .ignore,
            failureTerminationBehavior: .gracefullyShutdownGroup
          )
        },
        gracefulShutdownSignals: signals,
        logger: Log.quiet(logger)
      )
    )
    let (ending, hasEnded) = AsyncStream.makeStream(of: Never.self)
    async let running: Void = {
      defer {
        isReady.finish()
        hasEnded.finish()
      }
      try await group.run()
    }()
    let result: Result<R, any Error>
    do {
      guard let listening = await ready.first(where: { _ in true }) else {
        do {
          try await running
        } catch {
          throw starting(configuration, error)
        }
        throw CancellationError()
      }
      try directory.announce(listening)
      result = .success(
        try await body(
          SystemAddress(url: listening.url, token: directory.operatorToken),
          listening.grpcPort
        ) {
          for await _ in ending {}
        }
      )
    } catch {
      result = .failure(error)
    }
    await group.triggerGracefulShutdown()
    let ended: Result<Void, any Error>
    do {
      ended = .success(try await running)
    } catch {
      ended = .failure(starting(configuration, error))
    }
    directory.withdraw()
    await parts.close()
    let value = try result.get()
    try ended.get()
    return value
  }

  /// Says in one sentence what could not be started.
  private static func starting(
    _ configuration: PlatformConfiguration,
    _ error: any Error
  ) -> CommandError {
    if let error = error as? CommandError { return error }
    let text = String(describing: error)
    let isPort = text.contains("address already in use") || text.contains("Address already in use")
    return CommandError(
      "starting the system on \(configuration.data)",
      found: isPort
        ? "port \(configuration.port) of \(configuration.host) is in use by another process" : text,
      advice: isPort ? "stop that process, or choose another port with --port" : nil,
      code: .unavailable
    )
  }
}

/// How this process logs.
enum Log {
  /// A level by its name.
  static func level(_ name: String?, default level: Logger.Level) -> Logger.Level {
    name.flatMap { Logger.Level(rawValue: $0.lowercased()) } ?? level
  }

  /// The same logger for parts that tell their start and end at info.
  static func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .notice)
    return logger
  }
}
