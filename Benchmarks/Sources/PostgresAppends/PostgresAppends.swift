internal import Glibc
internal import Measuring

/// Appends to Postgres without a pause: by our engine, or by one of the usual ways.
///
/// All sides run in this program over the same libpq, so none pays for a network of its own. It
/// prints `begin` and `end` around the measured time and then its result as JSON.
@main
enum PostgresAppends {
  static func main() async {
    do {
      let options = try Options(CommandLine.arguments.dropFirst())
      switch options.side {
      case .engine: try await run(options, EngineSide.open(options))
      case .category: try await run(options, CommitEach(.category, options))
      case .xid8: try await run(options, CommitEach(.xid8, options))
      case .asked: try await run(options, CommitEach(.asked, options))
      }
    } catch {
      let bytes = Array("PostgresAppends: \(error)\n".utf8)
      _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
      exit(1)
    }
  }

  private static func run(_ options: Options, _ side: some Appending) async throws {
    if let events = options.fill {
      try await side.fill(to: events)
      Report.write([("events", Double(events))])
      await side.close()
      return
    }
    let stage = Stage()
    let (window, latencies) = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await stage.pass(options) }
      let latencies = try await side.append(stage)
      try await group.waitForAll()
      return (stage.window, latencies)
    }
    guard let window else { throw Trouble("the measured time did not pass") }
    Report.write(
      [
        ("calls", Double(latencies.count)), ("events", Double(latencies.count)),
        ("seconds", window.elapsed), ("clientCPU", window.cpuSeconds),
      ] + latencies.members
    )
    await side.close()
  }
}

/// A way to append.
protocol Appending: Sendable {
  /// Writes events, many at once, until so many are there.
  func fill(to events: Int) async throws
  /// Appends one event after another with each client until the stage is over; answers how long
  /// those took that ended within the measured time.
  func append(_ stage: Stage) async throws -> Latencies
  func close() async
}
