/// What the command line asks of the composition root.
enum Platform {
  /// Runs the system until the process is told to stop.
  static func serve(_ configuration: PlatformConfiguration) async throws {
    throw missing
  }

  /// Runs the system of a data directory that nobody serves, inside this process, while `body` runs.
  static func open<R>(
    directory: String,
    _ body: (SystemAddress) async throws -> R
  ) async throws -> R {
    throw missing
  }

  private static let missing = CommandError(
    "starting the system",
    found: "this build has none",
    advice: "name a running system with --url",
    code: .unavailable
  )
}
