internal import EventLogCore
internal import EventLogPostgres
internal import EventLogRemote
internal import EventLogRocksDB
internal import EventsService
internal import Logging

/// The log of this process, open, with what looks after it.
struct OpenedLog: Sendable {
  /// What services append to and read from.
  let engine: any EventLogEngine
  let administration: any LogAdministration
  /// The log that other processes share with this one, if they may.
  let shared: PostgresEventLog?
  /// Whether this process serves the log to others; the log of another process is served there.
  let isServed: Bool
  /// Where it is, without secrets.
  let place: String

  /// Opens the log that the settings or the data directory name.
  static func open(
    _ configuration: PlatformConfiguration,
    in directory: DataDirectory,
    logger: Logger
  ) async throws -> OpenedLog {
    let source = try LogSource(of: directory)
    let choice = try source.choice(configuration.log)
    if let complaint = configuration.complaint(about: choice) {
      throw CommandError("reading the settings", found: complaint, code: .usage)
    }
    let log: OpenedLog
    switch choice {
    case .embedded: log = try embedded(directory)
    case .postgres(let place): log = try await postgres(place, configuration, logger)
    case .service(let place): log = try await service(place, configuration, logger)
    }
    do {
      try source.confirm(choice, log.engine.identity)
    } catch {
      await log.engine.close()
      throw error
    }
    return log
  }

  private static func embedded(_ directory: DataDirectory) throws -> OpenedLog {
    let log = try RocksDBEventLog.open(path: directory.log)
    return OpenedLog(
      engine: log,
      administration: RocksDBLogAdministration(log: log, directory: directory.path),
      shared: nil,
      isServed: true,
      place: directory.log
    )
  }

  private static func postgres(
    _ place: PostgresPlace,
    _ configuration: PlatformConfiguration,
    _ logger: Logger
  ) async throws -> OpenedLog {
    let log: PostgresEventLog
    do {
      log = try await PostgresEventLog.open(
        url: place.url,
        schema: place.schema,
        standby: configuration.onlyReads ? .reads : .standsBy,
        logger: logger
      )
    } catch {
      throw CommandError(
        "opening the log at \(place.shown)",
        found: place.scrubbed("\(error)"),
        advice: "see that the database is there and lets this user in; a password comes from "
          + "PGPASSWORD, ~/.pgpass or WORDWEAVE_LOG",
        code: .unavailable
      )
    }
    return OpenedLog(
      engine: ForwardingEventLog(log, settings: configuration.forwarding, logger: logger),
      administration: PostgresLogAdministration(log: log),
      shared: log,
      isServed: true,
      place: place.shown
    )
  }

  private static func service(
    _ place: ServicePlace,
    _ configuration: PlatformConfiguration,
    _ logger: Logger
  ) async throws -> OpenedLog {
    var settings = RemoteSettings(host: place.host, port: place.port)
    settings.trust = place.isSecure ? configuration.secureTrust : .plainText
    settings.token = configuration.logToken
    settings.patience = Self.connectPatience
    let log: RemoteEventLog
    do {
      log = try await RemoteEventLog.connect(settings, logger: logger)
    } catch {
      throw CommandError(
        "reaching the log at \(place.shown)",
        found: "\(error)",
        advice: "see that an Event Service runs there; its token is given by --log-token-file or "
          + "WORDWEAVE_LOG_TOKEN, and grpcs:// is for one with a certificate",
        code: .unavailable
      )
    }
    return OpenedLog(
      engine: log,
      administration: RemoteLogAdministration(log: log),
      shared: nil,
      isServed: false,
      place: place.shown
    )
  }

  /// How long a call waits for a service that is away: one that restarts is back by then, and who
  /// mistyped an address does not wait long to be told.
  private static let connectPatience = Duration.seconds(10)
}

extension PlatformConfiguration {
  /// Whom calls over TLS to other Event Services trust.
  var secureTrust: RemoteSettings.Trust { grpcTrust.map { .certificates(path: $0) } ?? .system }

  /// How requests are passed on: as the processes of one log are set up alike, by what this one
  /// shows and asks for itself.
  var forwarding: ForwardingSettings {
    ForwardingSettings(
      trust: grpcCertificate != nil || grpcTrust != nil ? secureTrust : .plainText,
      sendsSecret: grpcTakesTokens
    )
  }

  /// Where others reach this process, given the port that it listens at.
  func advertised(port: Int) -> String {
    grpcAdvertise ?? (grpcHost.contains(":") ? "[\(grpcHost)]:\(port)" : "\(grpcHost):\(port)")
  }

  /// Says what is wrong with the settings for this log; nil if they can be run.
  func complaint(about log: LogChoice) -> String? {
    switch log {
    case .embedded:
      return grpcAdvertise == nil
        ? nil : "--grpc-advertise is for a log that several processes share: --log postgres://…"
    case .service(let place):
      return runsEventsAlone
        ? "--only events would serve the log of \(place.shown) a second time: ask it there" : nil
    case .postgres:
      if let grpcAdvertise {
        return RemoteSettings.place(grpcAdvertise) == nil
          ? "--grpc-advertise '\(grpcAdvertise)' is no HOST:PORT" : nil
      }
      guard grpcPort != nil, ["0.0.0.0", "::"].contains(grpcHost) else { return nil }
      return
        "others that share the log cannot reach \(grpcHost): say with --grpc-advertise HOST:PORT "
        + "where this process is"
    }
  }
}
