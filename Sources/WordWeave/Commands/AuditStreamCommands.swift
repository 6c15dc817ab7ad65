internal import ArgumentParser
internal import Gateway

struct AuditShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print a stream as it was: its fields, who wrote them, its events.",
    discussion: """
        wordweave audit show post-0198c0de-…
        wordweave audit show post-0198c0de-… --at 1042
        wordweave audit show post-0198c0de-… --at @3
        wordweave audit show post-0198c0de-… --at 2026-01-31T12:00:00Z
      """
  )

  @Argument(help: "The stream.")
  var stream: String

  @Option(
    help: ArgumentHelp("As of a position, @ and a revision, or a time.", valueName: "place")
  )
  var at: String?

  @Option(help: "How many events at most.")
  var limit = 20

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try AuditPlace.check(at, "--at") }

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      var query = Query()
      query.add("at", at)
      query.add("limit", limit)
      let answer = try await client.get(AuditText.path(stream, "state"), query)
      if console.isJSON { return console.print(answer) }
      let count = answer["eventCount"]?.integer ?? 0
      guard count > 0 else { return console.print("nothing had happened yet") }
      var fields = Table(
        .init(heading: "FIELD"),
        .init(heading: "WRITTEN"),
        .init(heading: "BY"),
        .init(heading: "POSITION", alignment: .right),
        .init(heading: "VALUE")
      )
      for field in answer["fields"]?.items ?? [] {
        let writer = field["writer"]
        fields.add(
          field["field"]?.cell ?? "",
          AuditText.happened(writer),
          writer?["actor"]?.cell ?? "",
          writer?["position"]?.cell ?? "",
          DisplayText.cut(field["value"]?.cell ?? "", to: 200)
        )
      }
      if !fields.rows.isEmpty {
        console.print(fields)
        console.print("")
      }
      var events = Table(
        .init(heading: "POSITION", alignment: .right),
        .init(heading: "REVISION", alignment: .right),
        .init(heading: "HAPPENED"),
        .init(heading: "ACTOR"),
        .init(heading: "TYPE")
      )
      let told = answer["events"]?.items ?? []
      for event in told {
        events.add(
          event["position"]?.cell ?? "",
          event["revision"]?.cell ?? "",
          AuditText.happened(event),
          event["actor"]?.cell ?? "",
          event["type"]?.cell ?? ""
        )
      }
      console.print(events)
      if told.count < count { console.remark("the newest \(told.count) of \(count) events") }
      console.remark(opaqueOf: answer)
      console.remark("as of position \(answer["position"]?.cell ?? "")")
    }
  }
}

struct AuditDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Print what changed in a stream between two places, field by field.",
    discussion: """
        wordweave audit diff post-0198c0de-… @0 @5
        wordweave audit diff post-0198c0de-… 2026-01-01 2026-02-01
      """
  )

  @Argument(help: "The stream.")
  var stream: String

  @Argument(help: "The earlier place: a position, @ and a revision, or a time.")
  var from: String

  @Argument(help: "The later place.")
  var to: String

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try AuditPlace.check(from, "the earlier place")
    try AuditPlace.check(to, "the later place")
  }

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      var query = Query()
      query.add("from", from)
      query.add("to", to)
      let answer = try await client.get(AuditText.path(stream, "differences"), query)
      if console.isJSON { return console.print(answer) }
      let items = answer["items"]?.items ?? []
      for item in items {
        let writer = item["changedBy"]
        let changes = item["changes"]?.integer ?? 1
        let often = changes > 1 ? ", changed \(changes) times" : ""
        let head =
          "\(item["field"]?.cell ?? "")  (\(writer?["actor"]?.cell ?? "–"), "
          + "\(AuditText.happened(writer)), position \(writer?["position"]?.cell ?? "")\(often))"
        console.print(console.styled(DisplayText.harmless(head), .bold))
        let (before, after) = DisplayText.differing(
          DisplayText.harmless(item["before"]?.cell ?? ""),
          DisplayText.harmless((item["after"] ?? .null).cell),
          // Beside the sign.
          to: (console.width ?? 400) - 2
        )
        if item["before"]?.isNull == false { console.print(console.styled("- " + before, .red)) }
        console.print(console.styled("+ " + after, .green))
      }
      if items.isEmpty {
        // Of what cannot be read nobody knows whether it differs.
        let isKnown = (answer["opaqueEvents"]?.integer ?? 0) == 0
        console.print(isKnown ? "nothing differs" : "no difference is known")
      }
      console.remark(opaqueOf: answer, "what a field had before may be told by them alone")
      console.remark(
        "\(answer["eventCount"]?.cell ?? "0") events in between, "
          + "as of position \(answer["position"]?.cell ?? "")"
      )
    }
  }
}

struct AuditBlameCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blame",
    abstract: "Print who changed a field of a stream, newest change first.",
    discussion: """
        wordweave audit blame post-0198c0de-… title
        wordweave audit blame user-user_ada displayName --json
      """
  )

  @Argument(help: "The stream.")
  var stream: String

  @Argument(help: "The field, as the events' JSON names it, with points between.")
  var field: String

  @Option(help: "How many changes at most; 0 for all.")
  var limit = 50

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit \(limit) is negative") }
  }

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      var table = Table(
        .init(heading: "HAPPENED"),
        .init(heading: "ACTOR"),
        .init(heading: "POSITION", alignment: .right),
        .init(heading: "EVENT"),
        .init(heading: "FROM"),
        .init(heading: "TO")
      )
      var left = limit == 0 ? Int.max : limit
      var cursor: String?
      var newest: JSONValue?
      repeat {
        var query = Query()
        query.add("limit", min(left, 100))
        query.add("cursor", cursor)
        let page = try await client.get(
          AuditText.path(stream, "fields/" + Query.encoded(field)),
          query
        )
        // The first page is asked of the whole stream.
        newest = newest ?? page
        for change in page["items"]?.items ?? [] {
          left -= 1
          if console.isJSON {
            console.print(change)
            continue
          }
          let (before, after) = DisplayText.differing(
            change["before"]?.cell ?? "",
            change["after"]?.cell ?? "",
            to: 60
          )
          table.add(
            AuditText.happened(change),
            change["actor"]?.cell ?? "",
            change["position"]?.cell ?? "",
            change["type"]?.cell ?? "",
            before,
            after
          )
        }
        cursor = page["next"]?.text
      } while left > 0 && cursor != nil
      if !console.isJSON {
        if table.rows.isEmpty { console.print("no change is known") } else { console.print(table) }
      }
      console.remark(opaqueOf: newest, "they may have changed the field, too")
    }
  }
}

extension Console {
  /// Tells how many events nothing is known of the fields from, if there are any, and what follows.
  fileprivate func remark(opaqueOf answer: JSONValue?, _ consequence: String? = nil) {
    guard let opaque = answer?["opaqueEvents"]?.integer, opaque > 0 else { return }
    remark(
      "\(opaque) events tell nothing of the fields: removed, or neither of a known schema nor JSON"
        + (consequence.map { "; " + $0 } ?? "")
    )
  }
}
