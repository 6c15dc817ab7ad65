internal import ArgumentParser
internal import Gateway

struct EventsStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Print what the log and its process are doing."
  )

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      let status = try await client.get("/v1/admin/log/status")
      if console.isJSON { return console.print(status) }
      func count(_ name: String) -> String { Figures.count(status[name]?.integer ?? 0) }
      func bytes(_ name: String) -> String { Figures.bytes(status[name]?.integer ?? 0) }
      console.print("log        \(status["log"]?.cell ?? "")")
      console.print("engine     \(status["engine"]?.cell ?? "")")
      console.print("events     \(count("head"))")
      console.print("streams    \(count("streams")), \(count("streamsWithRemovals")) with removals")
      console.print("on disk    \(bytes("bytesOnDisk"))")
      console.print("in memory  \(bytes("bytesInMemory"))")
      console.print("waiting    \(count("filesWaiting")) files for compaction")
      let isAppending = status["takesAppends"]?.flag == true
      let leader = status["leader"]?.text.map { " (\($0) does)" } ?? ""
      console.print("appends    \(isAppending ? "yes" : "no\(leader)")")
      console.print("replays    \(count("replaysRunning")) running")
      console.print("since      \(status["startedAt"]?.cell ?? "")")
    }
  }
}

struct EventsCompactCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact",
    abstract: "Rewrite the log's files in their densest form.",
    discussion: "The system goes on meanwhile, somewhat slower."
  )

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .writes) { client in
      let console = output.console
      let last = try await LongWork(
        label: "Compacting",
        console: console,
        whenStopped: "the system finishes the part that it is at"
      ).follow(try await client.lines("POST", "/v1/admin/log/compactions"))
      if console.isJSON { return console.print(last) }
      let before = Figures.bytes(last["bytesBefore"]?.integer ?? 0)
      console.print("\(before) before, \(Figures.bytes(last["bytesNow"]?.integer ?? 0)) now")
    }
  }
}
