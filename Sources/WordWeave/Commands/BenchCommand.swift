internal import ArgumentParser
internal import EventLogCore
internal import Gateway
internal import HTTPClientDriver
internal import WeaveRuntime

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure a system quickly, through HTTP: requests per second, p50 and p99.",
    discussion: """
      Without --url and --data, a system of its own in a temporary directory is measured and thrown \
      away. Writes make posts, so on any other system they need --writes.

      This is a quick look; client and system share the machine.

        wordweave bench
        wordweave bench --url http://127.0.0.1:8080 --clients 32 --seconds 10
      """
  )

  @Option(help: "Requests at once.")
  var clients = 8

  @Option(help: "How long each part runs.")
  var seconds = 3

  @Flag(help: "Write to a system that is not the command's own.")
  var writes = false

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if !(1...HTTPClientLimits.connections).contains(clients) {
      throw ValidationError("--clients must be 1…\(HTTPClientLimits.connections)")
    }
    if !(1...600).contains(seconds) { throw ValidationError("--seconds must be 1…600") }
  }

  func run() async throws {
    if connection.url == nil, connection.data == nil {
      return try await TemporaryFolder.with("wordweave-bench") { folder in
        try await Platform.open(directory: folder, to: .writes) { address in
          try await measure(AdminClient(address), writes: true)
        }
      }
    }
    try await connection.withClient(to: .writes, creates: true) { client in
      try await measure(client, writes: writes)
    }
  }

  private func measure(_ client: AdminClient, writes: Bool) async throws {
    let console = output.console
    var table = Table(
      .init(heading: "WHAT"),
      .init(heading: "REQUESTS", alignment: .right),
      .init(heading: "RATE", alignment: .right),
      .init(heading: "P50", alignment: .right),
      .init(heading: "P99", alignment: .right),
      .init(heading: "ERRORS", alignment: .right)
    )
    let load = BenchLoad(client: client, clients: clients, duration: .seconds(seconds))
    for part in try await load.parts(writes: writes) {
      console.remark("measuring \(part.name) for \(seconds) s …")
      let result = try await load.run(part)
      let rate = Double(result.samples.count) / Double(seconds)
      if console.isJSON {
        console.print([
          "what": .string(part.name), "clients": .number(clients),
          "requests": .number(result.samples.count), "perSecond": .number(rounding: rate),
          "p50Milliseconds": .number(rounding: result.percentile(0.5).inSeconds * 1000),
          "p99Milliseconds": .number(rounding: result.percentile(0.99).inSeconds * 1000),
          "errors": .number(result.errors),
        ])
      }
      table.add(
        part.name,
        Figures.count(result.samples.count),
        Figures.rate(rate),
        Figures.latency(result.percentile(0.5)),
        Figures.latency(result.percentile(0.99)),
        Figures.count(result.errors)
      )
    }
    if !console.isJSON { console.print(table) }
  }
}

/// Requests that are sent again and again.
struct BenchLoad: Sendable {
  struct Part: Sendable {
    let name: String
    let request: @Sendable (_ worker: Int, _ turn: Int) -> HTTPRequest
  }

  let client: AdminClient
  let clients: Int
  let duration: Duration

  func parts(writes: Bool) async throws -> [Part] {
    var parts: [Part] = []
    if writes { parts.append(try await writing()) }
    let client = client
    func reading(_ path: String) -> Part {
      Part(name: "GET \(path)") { _, _ in
        client.request("GET", path, accept: "application/json")
      }
    }
    parts.append(reading("/healthz"))
    var query = Query()
    query.add("limit", 1)
    let posts = try await client.get("/v1/posts", query)["items"]?.items
    if let id = posts?.first?["id"]?.text { parts.append(reading("/v1/posts/\(id)")) }
    parts.append(reading("/v1/posts?limit=20"))
    return parts
  }

  /// One command a request, so that the time is that of one durable write.
  private func writing() async throws -> Part {
    let run = EventID.make()
    let author = ImportIdentity.account(ofName: "bench \(run)")
    let registration = ImportCommand(
      id: ImportIdentity.registration(of: author),
      at: .now,
      actor: author,
      action: .registerUser(
        ImportAccount(
          userID: author,
          username: "bench-" + author.suffix(8),
          displayName: "Bench",
          bio: ""
        )
      )
    )
    _ = try await client.send(write(registration))
    let identity = ImportIdentity(name: "bench \(run)")
    let body = String(repeating: "All work and no play makes a dull benchmark. ", count: 40)
    return Part(name: "write a post") { worker, turn in
      let name = "\(worker)-\(turn)"
      let content = ImportContent(title: "Bench \(name)", body: body, tags: ["bench"], byline: [])
      return write(
        ImportCommand(
          id: identity.command(commit: "", file: name, step: "create"),
          at: .now,
          actor: author,
          action: .createPost(post: identity.post(firstFile: name, generation: 1), content)
        )
      )
    }
  }

  private func write(_ command: ImportCommand) -> HTTPRequest {
    var request = client.request("POST", "/v1/admin/imports", accept: "application/x-ndjson")
    request.headers.append(("Content-Type", "application/x-ndjson"))
    request.body = command.line.bytes + [UInt8(ascii: "\n")]
    return request
  }

  func run(_ part: Part) async throws -> Latencies {
    let end = ContinuousClock.now + duration
    return try await withThrowingTaskGroup(of: Latencies.self) { group in
      for worker in 0..<clients {
        group.addTask {
          var latencies = Latencies()
          var turn = 0
          while ContinuousClock.now < end {
            let start = ContinuousClock.now
            let response = try await client.send(part.request(worker, turn))
            latencies.add(.now - start)
            if response.status >= 300 || response.text.contains("\"failed\"") {
              latencies.errors += 1
            }
            turn += 1
          }
          return latencies
        }
      }
      var all = Latencies()
      for try await latencies in group { all.add(latencies) }
      return all
    }
  }
}
