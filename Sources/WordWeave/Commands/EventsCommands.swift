internal import ArgumentParser
internal import Gateway

struct EventsGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Look at the log, check it, take it out and put it in.",
    subcommands: [
      EventsReadCommand.self, EventsTailCommand.self, EventsStatsCommand.self,
      EventsVerifyCommand.self, EventsExportCommand.self, EventsImportCommand.self,
      EventsStatusCommand.self, EventsCompactCommand.self,
    ]
  )
}

/// Which events of the log are meant.
struct EventFilter: ParsableArguments {
  @Option(help: ArgumentHelp("Only this type; may be given more than once.", valueName: "type"))
  var type: [String] = []

  @Option(
    help: ArgumentHelp("Only events with this tag; several must all be there.", valueName: "tag")
  )
  var tag: [String] = []

  func add(to query: inout Query) {
    for type in type { query.add("type", type) }
    for tag in tag { query.add("tag", tag) }
  }

  /// Whether an event is meant, where the gateway does not filter.
  func matches(_ event: JSONValue) -> Bool {
    let tags = (event["tags"]?.items ?? []).compactMap(\.text)
    return (type.isEmpty || type.contains(event["type"]?.text ?? ""))
      && tag.allSatisfy(tags.contains)
  }
}

struct EventsReadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Print events.",
    discussion: """
      Without --stream: the whole log, by position. With --stream: one stream, by revision.

        wordweave events read --limit 20 --backwards
        wordweave events read --type PostPublished --json
        wordweave events read --stream post-0198c0de-…
        wordweave events read --after 1000 --limit 0 --json > events.ndjson
      """
  )

  @Option(help: "Only events of this stream.")
  var stream: String?

  @Option(help: "Only events past this position (with --backwards: before it).")
  var after: Int64?

  @OptionGroup var filter: EventFilter

  @Option(help: "How many events at most; 0 for all.")
  var limit = 100

  @Flag(help: "Newest first.")
  var backwards = false

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit \(limit) is negative") }
    if let after, after < 0 { throw ValidationError("--after \(after) is negative") }
  }

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let printer = EventPrinter(console: output.console)
      var left = limit == 0 ? Int.max : limit
      var pages = EventPages(
        client: client,
        stream: stream,
        filter: filter,
        bound: after,
        backwards: backwards
      )
      while left > 0, let events = try await pages.next(limit: left) {
        for event in events.prefix(left) { try printer.show(event) }
        left -= min(left, events.count)
      }
      // A name that was mistyped would look like a stream whose events the filter left out.
      if let stream, !pages.hasFound {
        output.console.remark("there are no events in stream '\(DisplayText.harmless(stream))'")
      }
    }
  }
}
