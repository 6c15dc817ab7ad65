internal import ArgumentParser
internal import EventLogCore
internal import EventLogPostgres
internal import Glibc
internal import Logging

/// Which log a command works on: that of a running system, of a stopped one, or one in Postgres that
/// `--log` names.
struct LogOptions: ParsableArguments {
  @OptionGroup var connection: ConnectionOptions

  /// What a command does with the log.
  enum Use {
    /// It appends nothing: a log that processes share is left to whoever leads it.
    case reads
    /// It appends; where it has the log open by itself, it must be the only one.
    case writes
  }

  func validate() throws {
    guard let log = connection.log else { return }
    guard case .postgres? = try? LogChoice(log) else {
      throw ValidationError("--log takes a postgres:// address here; --url names a running system")
    }
    if connection.url != nil || connection.data != nil {
      throw ValidationError("--log excludes --url and --data")
    }
  }

  /// Lends the log.
  ///
  /// A stopped one is opened by itself: nothing else of the system runs meanwhile.
  func withLog<R: Sendable>(
    to use: Use,
    _ body: @escaping @Sendable (LogSite) async throws -> R
  ) async throws -> R {
    if let log = connection.log, case .postgres(let place) = try LogChoice(log) {
      return try await withPostgres(place, to: use, body)
    }
    switch try connection.target(environment) {
    case .running(let address): return try await body(.served(try AdminClient(address)))
    case .stopped(let path):
      switch try choice(of: path) {
      case .postgres(let place): return try await withPostgres(place, to: use, body)
      case .service(let place):
        throw CommandError(
          "opening the log of \(path)",
          found: "it belongs to the system at \(place.shown)",
          advice: "run the command on that system, with --url or --data",
          code: .unavailable
        )
      case .embedded:
        return try await StoppedLog.lend(path, to: use) { engine, _ in
          try await body(.open(engine))
        }
      }
    }
  }

  /// The log that a directory belongs to; the environment may give its URL with the password.
  private func choice(of path: String) throws -> LogChoice {
    guard access(path, F_OK) == 0 else { return .embedded }
    guard let kept = try LogSource.url(in: path) else { return .embedded }
    let named = environment("WORDWEAVE_LOG").flatMap { $0.isEmpty ? nil : $0 }
    return try LogChoice(named ?? kept)
  }

  private func withPostgres<R: Sendable>(
    _ place: PostgresPlace,
    to use: Use,
    _ body: (LogSite) async throws -> R
  ) async throws -> R {
    var logger = Logger(label: "wordweave.log")
    logger.logLevel = Log.level(environment("WORDWEAVE_LOG_LEVEL"), default: .error)
    let engine: PostgresEventLog
    do throws(EventLogError) {
      engine = try await PostgresEventLog.open(
        url: place.url,
        schema: place.schema,
        standby: use == .writes ? .refuses : .reads,
        logger: logger
      )
    } catch {
      throw CommandError(
        "opening the log at \(place.shown)",
        found: place.scrubbed(error.description),
        code: .unavailable
      )
    }
    return try await StoppedLog.closing(engine) { try await body(.open(engine)) }
  }
}
