internal import ArgumentParser
internal import Gateway

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Read a range of the log again: print it, or feed it to a projection in a dry run.",
    discussion: """
      With --projection nothing is kept: the events are applied to an empty read model that is \
      thrown away, and what failed is told. That read model may take 256 MiB of the system's memory; \
      a dry run that would take more ends with an error, and wants a shorter range.

        wordweave replay --after 100 --through 200
        wordweave replay --projection posts/posts
        wordweave replay --after 5000 --projection posts/posts --json
        wordweave replay --projection posts/posts --type PostPublished --rate 500
        wordweave replay --projection posts/posts --detach

      With --type, --tag, --rate or --detach the system carries it out in the background (see \
      `wordweave replays`).
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

  @OptionGroup var filter: EventFilter

  @Option(help: ArgumentHelp("Feed so many events a second at most.", valueName: "events"))
  var rate: UInt32?

  @Flag(help: "Print the replay's id and leave it running in the background.")
  var detach = false

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  /// Whether the replay is one that the system remembers.
  private var isInBackground: Bool {
    detach || rate != nil || !filter.type.isEmpty || !filter.tag.isEmpty
  }

  func validate() throws {
    if projection == nil, isInBackground {
      throw ValidationError("--type, --tag, --rate and --detach need --projection")
    }
    if rate == 0 { throw ValidationError("--rate 0 would never end") }
    if print, projection != nil {
      throw ValidationError("--print and --projection exclude each other")
    }
    if after < 0 { throw ValidationError("--after \(after) is negative") }
    if let through, through < after {
      throw ValidationError("--through \(through) lies before --after \(after)")
    }
  }

  func run() async throws {
    try await connection.withClient(to: projection == nil ? .reads : .writes) { client in
      if let projection, isInBackground {
        try await start(projection, client)
      } else if let projection {
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
    if end == nil { end = try await client.head() }
    var pages = EventPages(
      client: client,
      filter: try EventFilter.parse([]),
      bound: after,
      through: end
    )
    while let events = try await pages.next(limit: .max) { try events.forEach(printer.show) }
  }

  private func start(_ projection: String, _ client: AdminClient) async throws {
    var name = ProjectionName()
    name.name = projection
    if detach, case .stopped = try connection.target(environment) {
      throw CommandError(
        "replaying in the background",
        found: "no running system to carry it out",
        advice: "start one with `wordweave serve`, or leave --detach away",
        code: .unavailable
      )
    }
    let replay = try await client.post(
      "/v1/admin/replays",
      body: [
        "consumer": .string(try await name.title(client)), "after": .number(after),
        "through": .number(through ?? 0), "types": .strings(filter.type),
        "tags": .strings(filter.tag), "rate": .number(rate ?? 0),
      ]
    )
    let id = replay["id"]?.text ?? ""
    let console = output.console
    guard detach else {
      do {
        return try await ReplayFollowing(client: client, console: console).run(id)
      } catch is CancellationError {
        // Whoever stops the command means the replay, too.
        await Task {
          _ = try? await client.post("/v1/admin/replays/\(Query.encoded(id))/cancel")
        }.value
        throw CancellationError()
      }
    }
    if console.isJSON { return console.print(replay) }
    console.print(id)
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
