internal import ArgumentParser
internal import Gateway

struct AuditGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Ask who did what, when and why.",
    discussion: """
      Times are RFC 3339 (2026-01-31T12:00:00Z) or dates (2026-01-31, which is midnight in UTC) and \
      mean when an event was recorded. Administrative actions are events too: see the stream \
      $admin. Of a process whose log is another's (serve --log grpc://…), rebuilds, exports and the \
      like are not recorded.

        wordweave audit search --actor operator --since 2026-01-01
        wordweave audit trace 0198c0de-…
        wordweave audit show post-0198c0de-… --at @3
        wordweave audit blame post-0198c0de-… title
        wordweave audit export --format csv --entity post --output posts.csv
      """,
    subcommands: [
      AuditSearchCommand.self, AuditTraceCommand.self, AuditShowCommand.self,
      AuditDiffCommand.self, AuditBlameCommand.self, AuditExportCommand.self,
    ]
  )
}

/// Which events are meant; all that is given must hold.
struct AuditFilter: ParsableArguments {
  @Option(help: ArgumentHelp("Who did it: a user id, operator, token:<id>.", valueName: "id"))
  var actor: String?

  @Option(help: ArgumentHelp("Only this stream.", valueName: "name"))
  var stream: String?

  @Option(
    help: ArgumentHelp(
      "Only streams of this kind, such as post or user: names up to their first hyphen. Removed "
        + "events are found beside a --type or --tag.",
      valueName: "kind"
    )
  )
  var entity: String?

  @OptionGroup var names: EventFilter

  @Option(help: ArgumentHelp("Recorded at or after this time.", valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Recorded before this time.", valueName: "time"))
  var until: String?

  @Option(help: ArgumentHelp("Only what belongs to this outside request.", valueName: "id"))
  var correlation: String?

  @Option(help: ArgumentHelp("Only what this event or command brought about.", valueName: "id"))
  var causation: String?

  func validate() throws {
    try AuditPlace.checkTime(since, "--since")
    try AuditPlace.checkTime(until, "--until")
  }

  var query: Query {
    var query = Query()
    query.add("actor", actor)
    query.add("stream", stream)
    query.add("entity", entity)
    names.add(to: &query)
    query.add("since", since)
    query.add("until", until)
    query.add("correlation", correlation)
    query.add("causation", causation)
    return query
  }
}

struct AuditSearchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Print the events that fit, newest first.",
    discussion: """
        wordweave audit search --entity post --type PostDeleted --since 2026-01-01
        wordweave audit search --stream '$admin' --json
      """
  )

  /// What the gateway gives at once.
  private static let page = 100

  @OptionGroup var filter: AuditFilter

  @Option(help: "How many events at most; 0 for all.")
  var limit = 50

  @Flag(help: "Oldest first.")
  var forwards = false

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit \(limit) is negative") }
  }

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      var table = Table(
        .init(heading: "POSITION", alignment: .right),
        .init(heading: "RECORDED"),
        .init(heading: "ACTOR"),
        .init(heading: "TYPE"),
        .init(heading: "STREAM"),
        .init(heading: "DATA")
      )
      var left = limit == 0 ? Int.max : limit
      var cursor: String?
      var position: Int64 = 0
      repeat {
        var query = filter.query
        if forwards { query.add("direction", "forwards") }
        query.add("limit", min(left, Self.page))
        query.add("cursor", cursor)
        let page = try await client.get("/v1/admin/audit", query)
        position = page["position"]?.integer ?? position
        for event in page["items"]?.items ?? [] {
          left -= 1
          if console.isJSON {
            console.print(event)
            continue
          }
          table.add(
            event["position"]?.cell ?? "",
            AuditText.time(event["recordedAt"]),
            event["metadata"]?["actor"]?.cell ?? "",
            event["type"]?.cell ?? "",
            AuditText.place(event),
            DisplayText.cut(event["data"]?.serialized ?? "", to: 120)
          )
        }
        cursor = page["next"]?.text
      } while left > 0 && cursor != nil
      guard !console.isJSON else { return }
      if table.rows.isEmpty { return console.print("no event fits, as of position \(position)") }
      console.print(table)
      let more = cursor == nil ? "" : "; there may be more, see --limit"
      console.remark("as of position \(position)\(more)")
    }
  }
}

/// How facts of events are shown.
enum AuditText {
  /// The second is enough for a table.
  static func time(_ value: JSONValue?) -> String {
    String((value?.text ?? "").prefix(19)).replacing("T", with: " ")
  }

  /// When it happened, where that is known apart from when it was recorded.
  static func happened(_ entry: JSONValue?) -> String {
    let occurred = entry?["occurredAt"]
    return time(occurred?.text == nil ? entry?["recordedAt"] : occurred)
  }

  /// `post-1@3`.
  static func place(_ event: JSONValue?) -> String {
    guard let stream = event?["stream"]?.text else { return "–" }
    return "\(stream)@\(event?["revision"]?.cell ?? "")"
  }

  /// The path of a stream's part.
  static func path(_ stream: String, _ part: String) -> String {
    "/v1/admin/streams/\(Query.encoded(stream))/\(part)"
  }
}
