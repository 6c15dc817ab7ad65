internal import ArgumentParser
internal import Gateway

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Read a range of the log again: print it, or feed it to a projection in a dry run.",
    discussion: """
      With --projection nothing is kept: the events are applied to an empty read model that is \
      thrown away, and what failed is told.

        wordweave replay --after 100 --through 200
        wordweave replay --projection posts/posts
        wordweave replay --after 5000 --projection posts/posts --json
      """
  )

  @Option(help: "Start past this position.")
  var after: Int64 = 0

  @Option(help: "End with this position; by default the present end.")
  var through: Int64?

  @Flag(help: "Print the events; this is what happens without --projection.")
  var print = false

  @Option(help: ArgumentHelp("Feed the events to this projection.", valueName: "name"))
  var projection: String?

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if print, projection != nil {
      throw ValidationError("--print and --projection exclude each other")
    }
    if after < 0 { throw ValidationError("--after \(after) is negative") }
    if let through, through < after {
      throw ValidationError("--through \(through) lies before --after \(after)")
    }
  }

  func run() async throws {
    try await connection.withClient { client in
      if let projection {
        try await feed(projection, client)
      } else {
        try await list(client)
      }
    }
  }

  private func list(_ client: AdminClient) async throws {
    let printer = EventPrinter(console: output.console)
    // The end is fixed at the start: a log that grows would otherwise never be read through.
    var end = through
    if end == nil { end = try await client.get("/v1/admin/log")["head"]?.integer }
    var pages = EventPages(
      client: client,
      filter: try EventFilter.parse([]),
      bound: after,
      through: end
    )
    while let events = try await pages.next(limit: .max) { events.forEach(printer.show) }
  }

  private func feed(_ projection: String, _ client: AdminClient) async throws {
    var query = Query()
    query.add("after", after)
    query.add("through", through)
    var name = ProjectionName()
    name.name = projection
    let path = try await name.path(client) + "/replays"
    let console = output.console
    let work = LongWork(
      label: "Replaying",
      console: console,
      whenStopped: "a dry run keeps nothing"
    )
    let last = try await work.follow(try await client.lines("POST", path, query))
    let failures = last["failures"]?.items?.count ?? Int(last["failures"]?.integer ?? 0)
    if console.isJSON {
      console.print(last)
    } else {
      let done = Figures.count(last["done"]?.integer ?? 0)
      let writes = Figures.count(last["writes"]?.integer ?? 0)
      console.print("\(done) events, \(writes) writes, \(failures) failures; nothing was kept")
      for failure in last["failures"]?.items ?? [] {
        console.print("  " + DisplayText.harmless(failure.cell))
      }
    }
    if failures > 0 {
      throw CommandError(
        "replaying into \(projection)",
        found: "\(failures) events failed",
        advice: "read them with `wordweave events read`"
      )
    }
  }
}
