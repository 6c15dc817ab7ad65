internal import ArgumentParser
internal import Glibc

/// Which system a command talks to.
struct ConnectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The address of a running system, such as http://127.0.0.1:8080 (or WORDWEAVE_URL).",
      valueName: "url"
    )
  )
  var url: String?

  @Option(
    help: ArgumentHelp(
      "A data directory: of a running system, or of a stopped one, which is opened for this "
        + "command (or WORDWEAVE_DATA).",
      valueName: "dir"
    )
  )
  var data: String?

  @Option(
    help: ArgumentHelp(
      "The log of a stopped system, if its data directory does not say it (or WORDWEAVE_LOG), such as "
        + "postgres://user@host/database?schema=name: see 'wordweave serve --help'.",
      valueName: "url"
    )
  )
  var log: String?

  @Option(
    help: ArgumentHelp(
      "A file that holds the operator token; by default WORDWEAVE_TOKEN, then the data directory's.",
      valueName: "file"
    )
  )
  var tokenFile: String?

  /// Where the command goes.
  enum Target: Equatable {
    case running(SystemAddress)
    /// No process serves this directory.
    case stopped(directory: String)
  }

  /// Finds the system; an option wins over the environment, and an address over a directory.
  func target(_ environment: (String) -> String?) throws -> Target {
    func value(_ name: String) -> String? {
      environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    let directory = data ?? PlatformConfiguration.defaultData(environment)
    // `--data` on the command line means that directory, whatever address the environment names.
    let address = url ?? (data == nil ? value("WORDWEAVE_URL") : nil)
    guard let address = address ?? ServedDirectory.url(in: directory) else {
      return .stopped(directory: directory)
    }
    // What it names may hold a password, so it is not repeated.
    guard log == nil else {
      throw CommandError(
        "reading --log",
        found: "the system at \(address) is running, and has its own log",
        advice: "leave --log away, or name the directory of a stopped system with --data",
        code: .usage
      )
    }
    guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
      throw CommandError(
        "reading --url \(address)",
        found: "no http:// or https:// address",
        code: .usage
      )
    }
    let token: String?
    if let tokenFile {
      guard let read = ServedDirectory.token(file: tokenFile) else {
        throw CommandError(
          "reading the token file \(tokenFile)",
          found: "no readable token",
          code: .usage
        )
      }
      token = read
    } else {
      token = value("WORDWEAVE_TOKEN") ?? ServedDirectory.token(in: directory)
    }
    let trimmed = address.hasSuffix("/") ? String(address.dropLast()) : address
    return .running(SystemAddress(url: trimmed, token: token))
  }

  /// Lends a client of the system; a stopped one runs inside this process meanwhile.
  ///
  /// Where there is none, one is made if the command `creates` what it works on. A command that is
  /// recorded in the log writes, whatever else it does.
  func withClient<R: Sendable>(
    to use: LogOptions.Use,
    creates: Bool = false,
    _ body: @escaping @Sendable (AdminClient) async throws -> R
  ) async throws -> R {
    switch try target(environment) {
    case .running(let address): return try await body(AdminClient(address))
    case .stopped(let directory):
      let named = environment("WORDWEAVE_LOG").flatMap { $0.isEmpty ? nil : $0 }
      // A log that is named holds the events, whatever the directory does.
      if !creates, (log ?? named) == nil { try Self.requireSystem(in: directory) }
      let choice = try (log ?? named).map { try LogChoice($0) }
      guard try passesBy(directory, to: use) else {
        return try await Self.open(directory, to: use, log: choice, body)
      }
      return try await TemporaryFolder.with("wordweave-reading") { folder in
        try await Self.open(folder, to: use, log: choice, body)
      }
    }
  }

  /// Whether a command leaves the usual directory alone, though it reads a log that `--log` names:
  /// with a first look at a log the directory would belong to it ever after.
  func passesBy(_ directory: String, to use: LogOptions.Use) throws -> Bool {
    guard use == .reads, data == nil, let log else { return false }
    return try LogSource.url(in: directory) != LogChoice(log).description
  }

  private static func open<R: Sendable>(
    _ directory: String,
    to use: LogOptions.Use,
    log: LogChoice?,
    _ body: @escaping @Sendable (AdminClient) async throws -> R
  ) async throws -> R {
    try await Platform.open(
      directory: directory,
      to: use,
      log: log,
      logToken: environment("WORDWEAVE_LOG_TOKEN")
    ) { address in
      try await body(AdminClient(address))
    }
  }

  /// Refuses a folder that was never a system's: a mistyped one would answer with nothing at all.
  private static func requireSystem(in directory: String) throws(CommandError) {
    // A log without its format is for the directory itself to refuse: it knows why.
    if access(directory + "/format", F_OK) == 0 || access(directory + "/log", F_OK) == 0 { return }
    throw CommandError(
      "opening \(directory)",
      found: "no data directory of this program",
      advice: "name another with --data, or a running system with --url",
      code: .unavailable
    )
  }
}

/// How a command shows its results.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON: one object, or one object per line for listings.")
  var json = false

  @Flag(
    name: [.customShort("q"), .long],
    help: "No progress and no remarks; only results and errors."
  )
  var quiet = false

  var console: Console { Console(isQuiet: quiet, isJSON: json) }
}
