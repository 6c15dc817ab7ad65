internal import ArgumentParser
internal import Gateway

struct ReplaysGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replays",
    abstract: "Look after replays that a running system carries out in the background.",
    discussion: """
      `wordweave replay --projection NAME --detach` begins one.

        wordweave replays list
        wordweave replays follow 0198c0de-…
        wordweave replays cancel 0198c0de-…
      """,
    subcommands: [
      ReplaysListCommand.self, ReplaysFollowCommand.self, ReplaysCancelCommand.self,
    ]
  )
}

struct ReplaysListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Print the replays, the newest first."
  )

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      let items = try await client.get("/v1/admin/replays")["items"]?.items ?? []
      if console.isJSON {
        for item in items { console.print(item) }
        return
      }
      var table = Table(
        .init(heading: "ID"),
        .init(heading: "CONSUMER"),
        .init(heading: "STATE"),
        .init(heading: "AT", alignment: .right),
        .init(heading: "THROUGH", alignment: .right),
        .init(heading: "FAILURES", alignment: .right)
      )
      for item in items {
        table.add(
          item["id"]?.cell ?? "",
          item["consumer"]?.cell ?? "",
          item["state"]?.cell ?? "",
          Figures.count(item["position"]?.integer ?? 0),
          Figures.count(item["through"]?.integer ?? 0),
          Figures.count(item["failures"]?.items?.count ?? 0)
        )
      }
      console.print(table)
    }
  }
}

struct ReplaysFollowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow",
    abstract: "Show how far a replay is until it ends.",
    discussion: "Ctrl-C ends the command alone; the replay goes on."
  )

  @Argument(help: "The replay's id.")
  var id: String

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      try await ReplayFollowing(client: client, console: output.console).run(id)
    }
  }
}

struct ReplaysCancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "End a replay."
  )

  @Argument(help: "The replay's id.")
  var id: String

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .writes) { client in
      let replay = try await client.post("/v1/admin/replays/\(Query.encoded(id))/cancel")
      let console = output.console
      if console.isJSON { return console.print(replay) }
      console.print("\(id) is \(replay["state"]?.cell ?? "")")
    }
  }
}

/// Watches a replay in the background and tells what it came to.
struct ReplayFollowing {
  /// How often the system is asked.
  private static let pace = Duration.milliseconds(200)

  let client: AdminClient
  let console: Console

  func run(_ id: String) async throws {
    let replay = try await settled(id)
    if console.isJSON {
      console.print(replay)
    } else {
      let events = Figures.count(replay["events"]?.integer ?? 0)
      let writes = Figures.count(replay["writes"]?.integer ?? 0)
      let failures = replay["failures"]?.items ?? []
      console.print(
        "\(replay["state"]?.cell ?? ""): \(events) events, \(writes) writes, \(failures.count) "
          + "failures; nothing was kept"
      )
      for failure in failures { console.print("  " + DisplayText.harmless(failure.cell)) }
    }
    guard replay["state"]?.text == "finished", replay["failures"]?.items?.isEmpty != false else {
      let failures = replay["failures"]?.items?.count ?? 0
      throw CommandError(
        "replaying into \(replay["consumer"]?.cell ?? "")",
        found: replay["error"]?.text
          ?? (failures > 0 ? "\(failures) streams failed" : "it was cancelled")
      )
    }
  }

  /// Shows progress until the replay has ended.
  private func settled(_ id: String) async throws -> JSONValue {
    var progress = Progress("Replaying", on: console)
    do {
      while true {
        let replay = try await client.get("/v1/admin/replays/\(Query.encoded(id))")
        let after = replay["after"]?.integer ?? 0
        progress.show(
          ProgressState(
            done: (replay["position"]?.integer ?? after) - after,
            total: (replay["through"]?.integer ?? after) - after
          )
        )
        guard replay["state"]?.text == "running" else {
          progress.finish()
          return replay
        }
        try await Task.sleep(for: Self.pace)
      }
    } catch {
      progress.finish()
      throw error
    }
  }
}
