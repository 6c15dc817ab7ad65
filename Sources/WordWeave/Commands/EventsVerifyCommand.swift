internal import ArgumentParser
internal import EventLogCore
internal import EventLogPostgres
internal import EventLogRocksDB
internal import Gateway

struct EventsVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check every event of the log: order, checksums, streams, indexes.",
    discussion: """
      Both ways: every event must be found by every index, and an index must hold nothing else. \
      Exits with 1 if something is not as it should be.

        wordweave events verify
        wordweave events verify --log postgres://ww@db/ww
      """
  )

  @OptionGroup var log: LogOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    let last = try await log.withLog(to: .reads) { site -> JSONValue in
      switch site {
      case .served(let client):
        return try await LongWork(
          label: "Verifying",
          console: console,
          whenStopped: "the check was given up, and another begins anew; the system goes on"
        ).follow(try await client.lines("POST", "/v1/admin/log/verifications"))
      case .open(let engine): return try await verify(engine, console)
      }
    }
    let findings = last["findings"]?.items ?? []
    if console.isJSON {
      console.print(last)
    } else {
      let done = Figures.count(last["done"]?.integer ?? 0)
      console.print("\(done) events checked, \(findings.count) findings")
      for finding in findings { console.print("  " + DisplayText.harmless(finding.cell)) }
    }
    if !findings.isEmpty {
      throw CommandError(
        "verifying the log",
        found: "\(findings.count) findings",
        advice: "keep a copy of the data directory before anything else is written to it"
      )
    }
  }

  /// Checks a log that this process has open; the answer is that of the service.
  private func verify(_ engine: any EventLogEngine, _ console: Console) async throws -> JSONValue {
    let head = try await engine.head().number
    let reached = Reached(of: head)
    var found: [JSONValue] = []
    do throws(EventLogError) {
      try await LocalWork.follow(reached, label: "Verifying", on: console) {
        () throws(EventLogError) in
        switch engine {
        case let log as RocksDBEventLog:
          try await log.verify { position, _ in reached.set(position.number) }
        case let log as PostgresEventLog:
          try await log.verify { position, _ in reached.set(position.number) }
        default: break
        }
      }
    } catch {
      guard case .corrupt = error else { throw error }
      found.append(.string(error.description))
    }
    return [
      "done": .number(found.isEmpty ? head : reached.value), "total": .number(head),
      "findings": .array(found), "finished": .bool(true),
    ]
  }
}
