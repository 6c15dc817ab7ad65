internal import ArgumentParser
internal import Gateway

struct EventsTailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Print events as they come, until Ctrl-C.",
    discussion: """
      Troubles that pass are said once, and waited for. Ends with an error when the system is not \
      reached, or no longer lets the log be read.

        wordweave events tail
        wordweave events tail --after 0 --json
      """
  )

  @Option(help: "Start past this position; by default at the present end.")
  var after: Int64?

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      let printer = EventPrinter(console: console)
      var tail = LogTail(client, after: try await startingPlace(client))
      do {
        try await tail.follow { news in
          switch news {
          case .event(let event): try printer.show(event)
          case .caughtUp(let position):
            console.remark("caught up at position \(position); waiting for more")
          case .trouble(let message):
            console.warn("wordweave: following the log: \(message); trying again")
          }
        }
      } catch is CancellationError {
        console.remark("stopped after position \(tail.last); go on with --after \(tail.last)")
      }
    }
  }

  private func startingPlace(_ client: AdminClient) async throws -> Int64 {
    if let after { return after }
    return try await client.head() ?? 0
  }
}
