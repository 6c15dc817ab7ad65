internal import ArgumentParser
internal import Gateway

struct ProjectionsGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "projections",
    abstract: "Look at projections, rebuild them, compare them with a fresh replay.",
    discussion: """
      A projection is named `service/name`; the name alone will do where it is the only one.

        wordweave projections list
        wordweave projections rebuild posts/posts
        wordweave projections rebuild posts/posts --no-cut-over
        wordweave projections compare posts/posts
        wordweave projections rollback posts/posts
      """,
    subcommands: [
      ProjectionsListCommand.self, ProjectionStatusCommand.self, ProjectionRebuildCommand.self,
      ProjectionCutOverCommand.self, ProjectionRollBackCommand.self, ProjectionCancelCommand.self,
      ProjectionCompareCommand.self,
    ]
  )
}

/// Finds a projection by the name that was given.
struct ProjectionName: ParsableArguments {
  @Argument(help: "The projection: `service/name`, or the name alone.")
  var name: String

  /// The path of its resource.
  func path(_ client: AdminClient) async throws -> String {
    "/v1/admin/projections/"
      + (try await title(client)).split(separator: "/").map { Query.encoded(String($0)) }
      .joined(separator: "/")
  }

  /// Its name in full.
  func title(_ client: AdminClient) async throws -> String {
    let items = try await client.get("/v1/admin/projections")["items"]?.items ?? []
    let names = items.compactMap { $0["name"]?.text }
    let found = Self.matches(name, in: names)
    guard let only = found.first, found.count == 1 else {
      throw CommandError(
        "looking for the projection '\(name)'",
        found: found.isEmpty ? "none of that name" : "several: \(found.joined(separator: ", "))",
        advice: "name one of \(names.joined(separator: ", "))",
        code: .usage
      )
    }
    return only
  }

  static func matches(_ name: String, in names: [String]) -> [String] {
    if names.contains(name) { return [name] }
    return names.filter { $0.split(separator: "/").last.map(String.init) == name }
  }
}

struct ProjectionsListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Print all projections and how far each is."
  )

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let items = try await client.get("/v1/admin/projections")["items"]?.items ?? []
      output.console.show(projections: items)
    }
  }
}

extension Console {
  /// A table of projections, or a line of JSON each.
  func show(projections items: [JSONValue]) {
    if isJSON { return items.forEach(print) }
    var table = Table(
      .init(heading: "PROJECTION"),
      .init(heading: "VERSION", alignment: .right),
      .init(heading: "GENERATION", alignment: .right),
      .init(heading: "BEFORE", alignment: .right),
      .init(heading: "APPLIED", alignment: .right),
      .init(heading: "HEAD", alignment: .right),
      .init(heading: "LAG", alignment: .right),
      .init(heading: "PARKED", alignment: .right),
      .init(heading: "STATE")
    )
    for item in items {
      func count(_ name: String) -> String {
        item[name]?.integer.map { Figures.count($0) } ?? item[name]?.cell ?? ""
      }
      table.add(
        item["name"]?.cell ?? "",
        item["version"]?.cell ?? "",
        item["generation"]?.cell ?? "",
        item["previousGeneration"]?.cell ?? "",
        count("applied"),
        count("head"),
        count("lag"),
        count("parked"),
        item["state"]?.cell ?? ""
      )
    }
    print(table)
  }
}

struct ProjectionStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Print one projection."
  )

  @OptionGroup var projection: ProjectionName
  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let status = try await client.get(projection.path(client))
      let console = output.console
      if console.isJSON { return console.print(status) }
      let members = status.members ?? []
      let width = members.reduce(0) { max($0, $1.name.count) }
      for member in members {
        let gap = String(repeating: " ", count: width - member.name.count)
        console.print("\(member.name)\(gap)  \(DisplayText.harmless(member.value.cell))")
      }
    }
  }
}

struct ProjectionRebuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Fill a new generation from the log, compare it, and let it take over.",
    discussion: """
      Reads go on meanwhile and change over at one moment; the generation before stays for \
      `rollback`. With --no-cut-over the new generation waits for `cut-over` or `cancel`.

      A new generation that differs from the live one is dropped: it lacks what was removed from the \
      log since (truncated, tombstoned), or the live one is wrong. With --no-comparison it takes over \
      all the same.

      Ctrl-C stops the rebuild; the same command goes on where it stopped.
      """
  )

  @OptionGroup var projection: ProjectionName

  @Flag(inversion: .prefixedNo, help: "Let the new generation take over when it is ready.")
  var cutOver = true

  @Flag(inversion: .prefixedNo, help: "Drop the new generation if it differs from the live one.")
  var comparison = true

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .writes) { client in
      var query = Query()
      if !cutOver { query.add("cutOver", "false") }
      if !comparison { query.add("comparison", "false") }
      let path = try await projection.path(client) + "/rebuilds"
      let last = try await LongWork(label: "Rebuilding", console: output.console)
        .follow(try await client.lines("POST", path, query))
      try output.console.show(rebuild: last, attempted: "rebuilding \(projection.name)")
    }
  }
}

struct ProjectionCompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare a projection with a fresh replay of the log.",
    discussion: """
      Nothing is changed. Exits with 1 if the two differ.

      The audit folds every event: where events were removed from the log and it differs from a fresh \
      replay, that proves nothing, and `checked` is said instead of `equal`.
      """
  )

  @OptionGroup var projection: ProjectionName
  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .writes) { client in
      let path = try await projection.path(client) + "/comparisons"
      let last = try await LongWork(
        label: "Comparing",
        console: output.console,
        whenStopped: "the comparison was given up, and another begins anew; the system goes on"
      ).follow(try await client.lines("POST", path))
      try output.console.show(rebuild: last, attempted: "comparing \(projection.name)")
    }
  }
}

extension Console {
  /// The last line of a rebuild or comparison; throws if it tells of a failure or a difference.
  func show(rebuild last: JSONValue, attempted: String) throws {
    if isJSON {
      print(last)
    } else {
      let phase = last["phase"]?.text ?? "finished"
      print("\(phase)\(last["message"]?.text.map { ": \($0)" } ?? "")")
      if let live = last["liveDigest"]?.text { print("live   \(live)") }
      if let fresh = last["freshDigest"]?.text { print("fresh  \(fresh)") }
    }
    if let error = CommandError(rebuild: last, attempted: attempted) { throw error }
  }
}

extension CommandError {
  /// What the last line of a rebuild or comparison complains of; nil if all went well.
  init?(rebuild last: JSONValue, attempted: String) {
    let phase = last["phase"]?.text ?? "finished"
    guard ["different", "failed", "cancelled"].contains(phase) else { return nil }
    // Digests alone say nothing: a generation that was not compared may differ.
    let (live, fresh) = (last["liveDigest"]?.text, last["freshDigest"]?.text)
    let isDifferent =
      phase == "different" || phase == "failed" && live != nil && fresh != nil && live != fresh
    guard isDifferent else {
      self.init(
        attempted,
        found: phase,
        advice: "look at `wordweave projections status` and run it again"
      )
      return
    }
    self.init(
      attempted,
      found: "the live read model and a fresh replay differ",
      advice: "if events were removed from the log since, or the live one is known to be wrong, "
        + "`wordweave projections rebuild --no-comparison` lets the fresh one take over; "
        + "otherwise the projection's code is not deterministic"
    )
  }
}

/// Posts to a projection and prints what it answers.
private func act(
  _ action: String,
  on projection: ProjectionName,
  _ connection: ConnectionOptions,
  _ output: OutputOptions
) async throws {
  try await connection.withClient(to: .writes) { client in
    let status = try await client.post(projection.path(client) + "/" + action)
    output.console.show(projections: [status])
  }
}

struct ProjectionCutOverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cut-over",
    abstract: "Let a rebuilt generation take over."
  )

  @OptionGroup var projection: ProjectionName
  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws { try await act("cut-over", on: projection, connection, output) }
}

struct ProjectionRollBackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Return to the generation before the last cut-over."
  )

  @OptionGroup var projection: ProjectionName
  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws { try await act("roll-back", on: projection, connection, output) }
}

struct ProjectionCancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Give up a rebuild and what it filled."
  )

  @OptionGroup var projection: ProjectionName
  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws { try await act("cancel", on: projection, connection, output) }
}
