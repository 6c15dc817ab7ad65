internal import CRawPostgres
internal import Measuring
internal import WeaveRuntime

/// One commit for every append, on as many connections as there are appends under way.
struct CommitEach: Appending {
  /// What it is written into, and how.
  enum Scheme {
    case category
    case xid8
    /// As `xid8`, in a table that can be asked for types and tags as our log can.
    case asked
  }

  private let scheme: Scheme
  private let options: Options
  private let pool: BlockingPool

  init(_ scheme: Scheme, _ options: Options) throws {
    self.scheme = scheme
    self.options = options
    pool = BlockingPool(name: "append", threads: options.clients * options.inFlight)
    let session = try Session(options.url)
    for statement in scheme.tables { try session.execute(statement) }
  }

  func fill(to events: Int) async throws {
    let session = try Session(options.url)
    try session.execute(scheme.fill(to: events, bytes: options.bytes))
    try session.execute("ANALYZE " + scheme.table)
  }

  func append(_ stage: Stage) async throws -> Latencies {
    try await withThrowingTaskGroup(of: Latencies.self) { group in
      for client in 0..<options.clients * options.inFlight {
        group.addTask { try await pool.run { try work(client, stage) } }
      }
      return try await group.reduce(into: Latencies()) { $0.add($1) }
    }
  }

  /// What one thread does.
  private func work(_ client: Int, _ stage: Stage) throws -> Latencies {
    let session = try Session(options.url)
    try session.prepare(scheme.append)
    var facts = Facts(client: client, bytes: options.bytes)
    let stream = "post-\(facts.run)-\(client)"
    var revision = 0
    var latencies = Latencies()
    while stage.goesOn {
      let tags = "{" + facts.tags().joined(separator: ",") + "}"
      let data = facts.data()
      let began = Clock.now
      try session.append(
        stream: stream,
        revision: revision,
        type: Facts.type,
        data: data,
        tags: tags
      )
      if stage.counts { latencies.add(Clock.now - began) }
      revision += 1
    }
    return latencies
  }

  func close() async { pool.shutdown() }
}
