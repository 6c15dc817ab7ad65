internal import ArgumentParser
internal import EventLogCore
internal import EventLogPostgres
internal import Logging

/// Which log a command works on: that of a running system, of a stopped one, or one in Postgres.
struct LogOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A log in Postgres, postgres://user:password@host:port/database, that no system of the "
        + "command's other options serves.",
      valueName: "url"
    )
  )
  var log: String?

  @Option(
    help: ArgumentHelp("The schema of the log in Postgres.", valueName: "name")
  )
  var schema = "wordweave"

  @OptionGroup var connection: ConnectionOptions

  /// What a command does with the log.
  enum Use {
    case reads
    /// It must be the only one that writes.
    case writes
  }

  func validate() throws {
    guard let log else { return }
    guard log.hasPrefix("postgres://") || log.hasPrefix("postgresql://") else {
      throw ValidationError("--log takes a postgres:// address")
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
    if let log { return try await withPostgres(log, to: use, body) }
    switch try connection.target(environment) {
    case .running(let address): return try await body(.served(try AdminClient(address)))
    case .stopped(let path):
      return try await StoppedLog.lend(path, to: use) { engine, _ in
        try await body(.open(engine))
      }
    }
  }

  private func withPostgres<R: Sendable>(
    _ url: String,
    to use: Use,
    _ body: (LogSite) async throws -> R
  ) async throws -> R {
    var logger = Logger(label: "wordweave.log")
    logger.logLevel = Log.level(environment("WORDWEAVE_LOG_LEVEL"), default: .error)
    let quiet = logger
    let engine = try await StoppedLog.opening("the log in schema \(schema)") {
      () throws(EventLogError) in
      try await PostgresEventLog.open(
        url: url,
        schema: schema,
        standby: use == .writes ? .refuses : .standsBy,
        logger: quiet
      )
    }
    return try await StoppedLog.closing(engine) { try await body(.open(engine)) }
  }
}
