internal import ArgumentParser
internal import EventsService
internal import Glibc
internal import RedisDriver

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the system.",
    discussion: """
      Everything in one process: log, services, projections and gateway. It is ready when \
      GET /readyz answers 200; SIGTERM and Ctrl-C let running requests finish.

      The first start makes the data directory and writes an operator token into it, which the \
      other commands read by themselves on this machine.

      Other processes reach the log over gRPC at --grpc-port, with the operator token or one made by \
      'wordweave tokens create'. --only events serves the log alone.

      The log lies in the data directory, or where --log says: in a Postgres, which any number of \
      processes may share (one appends, the others pass on to it and take over when it is gone; \
      each with a data directory of its own), or behind another process's Event Service. The data \
      directory remembers it, without the password: that comes from PGPASSWORD, ~/.pgpass or \
      WORDWEAVE_LOG rather than from the command line, which others can read.

      With --redis, processes over one log share snapshots of long streams. They are sealed with a key \
      that follows from WORDWEAVE_REDIS_SECRET or, without it, from the operator token. A Redis that is \
      away costs time alone.

        wordweave serve
        wordweave serve --data ./data --port 9000
        wordweave serve --only events --grpc-port 50051
        wordweave serve --log postgres://weave@db:5432/weave?schema=log
        wordweave serve --log grpcs://events:50051 --log-token-file token
        WORDWEAVE_PORT=9000 wordweave serve
      """
  )

  @Option(help: ArgumentHelp("Where everything is kept (or WORDWEAVE_DATA).", valueName: "dir"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Where the log is: postgres://user@host:port/database?schema=name, grpc://host:port or "
        + "grpcs://host:port (or WORDWEAVE_LOG; default: the data directory).",
      valueName: "url"
    )
  )
  var log: String?

  @Option(
    help: ArgumentHelp(
      "A file with the token for a log at grpc:// or grpcs:// (or WORDWEAVE_LOG_TOKEN, the token "
        + "itself).",
      valueName: "file"
    )
  )
  var logTokenFile: String?

  @Option(help: "The address that the listeners bind to (or WORDWEAVE_HOST; default: 127.0.0.1).")
  var host: String?

  @Option(help: "The gateway's port (or WORDWEAVE_PORT; default: 8080).")
  var port: Int?

  @Option(help: "The port for signed webhooks (or WORDWEAVE_WEBHOOK_PORT; default: 8081).")
  var webhookPort: Int?

  @Option(help: "The Event Service's gRPC port (or WORDWEAVE_GRPC_PORT; default: 50051).")
  var grpcPort: Int?

  @Option(
    help: ArgumentHelp(
      "A PEM file with the Event Service's certificate chain (or WORDWEAVE_GRPC_CERT).",
      valueName: "file"
    )
  )
  var grpcCert: String?

  @Option(
    help: ArgumentHelp(
      "A PEM file with the key of that certificate (or WORDWEAVE_GRPC_KEY).",
      valueName: "file"
    )
  )
  var grpcKey: String?

  @Option(
    help: ArgumentHelp(
      "A PEM file with the certificates of other Event Services to trust (or WORDWEAVE_GRPC_CA; "
        + "default: the system's).",
      valueName: "file"
    )
  )
  var grpcCa: String?

  @Option(
    help: ArgumentHelp(
      "Where processes that share the log reach this one (or WORDWEAVE_GRPC_ADVERTISE; default: "
        + "where it listens).",
      valueName: "host:port"
    )
  )
  var grpcAdvertise: String?

  @Option(
    help: ArgumentHelp(
      "Who may call the Event Service: tokens, or none to let everybody (or WORDWEAVE_GRPC_AUTH; "
        + "default: tokens).",
      valueName: "rule"
    )
  )
  var grpcAuth: String?

  @Option(
    help: ArgumentHelp(
      "A Redis where processes over one log share snapshots: redis://[[user]:password@]host[:port]"
        + "[/database] (or WORDWEAVE_REDIS, which hides a password better; default: none).",
      valueName: "url"
    )
  )
  var redis: String?

  @Option(
    help: ArgumentHelp("Parts to run, with commas between (or WORDWEAVE_ONLY).", valueName: "list")
  )
  var only: String?

  func run() async throws {
    Descriptors.takeAll()
    try await Platform.serve(configuration(environment))
  }

  /// Options win over the environment, which wins over defaults.
  func configuration(_ environment: (String) -> String?) throws -> PlatformConfiguration {
    func value(_ name: String) -> String? {
      environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    func number(_ name: String) throws -> Int? {
      guard let text = value(name) else { return nil }
      guard let number = Int(text) else {
        throw CommandError("reading \(name)", found: "'\(text)' is no number", code: .usage)
      }
      return number
    }
    var configuration = PlatformConfiguration(
      data: data ?? PlatformConfiguration.defaultData(environment)
    )
    configuration.log = try (log ?? value("WORDWEAVE_LOG")).map { try LogChoice($0) }
    configuration.logToken = try logToken(value)
    if let host = host ?? value("WORDWEAVE_HOST") { configuration.host = host }
    if let port = try port ?? number("WORDWEAVE_PORT") { configuration.port = port }
    if let port = try webhookPort ?? number("WORDWEAVE_WEBHOOK_PORT") {
      configuration.webhookPort = port
    }
    if let port = try grpcPort ?? number("WORDWEAVE_GRPC_PORT") { configuration.grpcPort = port }
    switch (grpcCert ?? value("WORDWEAVE_GRPC_CERT"), grpcKey ?? value("WORDWEAVE_GRPC_KEY")) {
    case (let chain?, let key?):
      for file in [chain, key] { try Self.check(file) }
      configuration.grpcCertificate = .init(chain: chain, key: key)
    case (nil, nil): break
    default:
      throw CommandError(
        "reading the settings",
        found: "a certificate and its key are needed together: --grpc-cert and --grpc-key",
        code: .usage
      )
    }
    if let file = grpcCa ?? value("WORDWEAVE_GRPC_CA") {
      try Self.check(file)
      configuration.grpcTrust = file
    }
    configuration.grpcAdvertise = grpcAdvertise ?? value("WORDWEAVE_GRPC_ADVERTISE")
    switch grpcAuth ?? value("WORDWEAVE_GRPC_AUTH") ?? "tokens" {
    case "tokens": configuration.grpcTakesTokens = true
    case "none": configuration.grpcTakesTokens = false
    case let rule:
      throw CommandError(
        "reading --grpc-auth",
        found: "'\(rule)' is neither tokens nor none",
        code: .usage
      )
    }
    if let url = redis ?? value("WORDWEAVE_REDIS") {
      do throws(RedisError) {
        configuration.redis = try RedisSettings(url: url)
      } catch {
        throw CommandError("reading --redis", found: error.found, code: .usage)
      }
    }
    if let secret = value("WORDWEAVE_REDIS_SECRET") {
      guard secret.utf8.count >= SharedSnapshots.secretBytes else {
        throw CommandError(
          "reading WORDWEAVE_REDIS_SECRET",
          found: "fewer than \(SharedSnapshots.secretBytes) characters",
          code: .usage
        )
      }
      configuration.redisSecret = secret
    }
    if let only = only ?? value("WORDWEAVE_ONLY") {
      configuration.only = only.split(separator: ",").map { $0.stripped }
    }
    if let complaint = configuration.complaint
      ?? configuration.log.flatMap(configuration.complaint(about:))
    {
      throw CommandError("reading the settings", found: complaint, code: .usage)
    }
    return configuration
  }

  private static func check(_ file: String) throws(CommandError) {
    guard access(file, R_OK) == 0 else {
      throw CommandError("reading \(file)", found: "no readable file", code: .usage)
    }
  }

  /// The token for the log of another process; never an option, since others can read those.
  private func logToken(_ value: (String) -> String?) throws(CommandError) -> String? {
    guard let logTokenFile else { return value("WORDWEAVE_LOG_TOKEN") }
    guard let token = ServedDirectory.token(file: logTokenFile) else {
      throw CommandError(
        "reading the token file \(logTokenFile)",
        found: "no readable token",
        code: .usage
      )
    }
    return token
  }
}
