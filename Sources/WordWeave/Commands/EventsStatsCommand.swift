internal import ArgumentParser
internal import Gateway

struct EventsStatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Print how much the log holds, by type.",
    discussion: "Of a log of more than a million events the newest million are counted by type."
  )

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      let log = try await client.get("/v1/admin/log")
      if console.isJSON { return console.print(log) }
      console.print("log      \(log["log"]?.cell ?? "")")
      console.print("engine   \(log["engine"]?.cell ?? "")")
      console.print("events   \(Figures.count(log["head"]?.integer ?? 0))")
      if let streams = log["streams"]?.integer {
        console.print("streams  \(Figures.count(streams))")
      }
      if let bytes = log["bytesOnDisk"]?.integer {
        console.print("on disk  \(Figures.bytes(bytes))")
      }
      let table = Self.types(of: log)
      if !table.rows.isEmpty {
        console.print("")
        console.print(table)
      }
    }
  }

  /// The types with their shares in what was counted.
  static func types(of log: JSONValue) -> Table {
    let types = log["types"]?.items ?? []
    let head = log["head"]?.integer ?? 0
    // An older system does not say how many it counted.
    let sum: Int64 = types.reduce(0) { $0 + ($1["events"]?.integer ?? 0) }
    let counted = log["counted"]?.integer ?? sum
    let newest = log["countedOf"]?.integer ?? head
    var table = Table(
      .init(heading: "TYPE"),
      .init(
        heading: newest < head ? "OF THE NEWEST \(Figures.count(newest))" : "EVENTS",
        alignment: .right
      ),
      .init(heading: "SHARE", alignment: .right)
    )
    for item in types {
      let events = item["events"]?.integer ?? 0
      let share = counted > 0 ? Double(events) * 100 / Double(counted) : 0
      table.add(item["type"]?.cell ?? "", Figures.count(events), "\(Figures.oneDigit(share)) %")
    }
    return table
  }
}
