internal import ArgumentParser
internal import Gateway

struct ParkedGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parked",
    abstract: "Look at streams that a handler could not go on with, and redrive them.",
    discussion: """
        wordweave parked list
        wordweave parked redrive posts/posts
        wordweave parked redrive posts/posts --stream post-0198c0de-…
      """,
    subcommands: [ParkedListCommand.self, ParkedRedriveCommand.self]
  )
}

struct ParkedListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Print parked streams."
  )

  @Argument(help: "Only those of this handler, such as posts/posts.")
  var name: String?

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      var query = Query()
      query.add("name", name)
      let console = output.console
      let items = try await client.get("/v1/admin/parked", query)["items"]?.items ?? []
      if console.isJSON { return items.forEach(console.print) }
      guard !items.isEmpty else { return console.print("nothing is parked") }
      var table = Table(
        .init(heading: "HANDLER"),
        .init(heading: "STREAM"),
        .init(heading: "POSITION", alignment: .right),
        .init(heading: "WAITING", alignment: .right),
        .init(heading: "ERROR")
      )
      for item in items {
        table.add(
          (item["name"] ?? item["handler"])?.cell ?? "",
          item["stream"]?.cell ?? "",
          item["position"]?.cell ?? "",
          (item["waiting"] ?? item["events"])?.cell ?? "",
          (item["error"] ?? item["reason"])?.cell ?? ""
        )
      }
      console.print(table)
    }
  }
}

struct ParkedRedriveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redrive",
    abstract: "Handle parked events again, in order."
  )

  @Argument(help: "The handler, such as posts/posts.")
  var name: String

  @Option(help: "Only this stream; by default all of the handler.")
  var stream: String?

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .writes) { client in
      var members = [JSONValue.Member(name: "name", value: .string(name))]
      if let stream { members.append(.init(name: "stream", value: .string(stream))) }
      let answer = try await client.post("/v1/admin/parked/redrive", body: .object(members))
      if output.json { return output.console.print(answer) }
      output.console.print("\(Figures.count(answer["streams"]?.integer ?? 0)) streams redriven")
    }
  }
}
