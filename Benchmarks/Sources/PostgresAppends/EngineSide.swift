internal import EventLogCore
internal import EventLogPostgres
internal import Measuring

/// Our engine: a stream for each client, two tags on each event; ids are the log's, as those of the
/// other sides are the server's.
struct EngineSide: Appending {
  private let log: PostgresEventLog
  private let options: Options
  private static let schema = "goal_engine"
  private static let eventsOfFill = 1000

  static func open(_ options: Options) async throws -> EngineSide {
    let log = try await PostgresEventLog.open(url: options.url, schema: schema)
    return EngineSide(log: log, options: options)
  }

  func fill(to events: Int) async throws {
    var left = events - Int(try await log.head().number)
    var maker = Maker(client: -1, bytes: options.bytes)
    while left > 0 {
      let events = (0..<min(left, Self.eventsOfFill)).map { _ in maker.event() }
      _ = try await log.append(AppendRequest(to: maker.stream, events))
      left -= Self.eventsOfFill
    }
  }

  func append(_ stage: Stage) async throws -> Latencies {
    try await withThrowingTaskGroup(of: Latencies.self) { group in
      for client in 0..<options.clients * options.inFlight {
        group.addTask {
          var maker = Maker(client: client, bytes: options.bytes)
          var latencies = Latencies()
          while stage.goesOn {
            let request = AppendRequest(to: maker.stream, [maker.event()])
            let began = Clock.now
            _ = try await log.append(request)
            if stage.counts { latencies.add(Clock.now - began) }
          }
          return latencies
        }
      }
      return try await group.reduce(into: Latencies()) { $0.add($1) }
    }
  }

  func close() async { await log.close() }

  private struct Maker {
    let stream: StreamName
    private var facts: Facts

    init(client: Int, bytes: Int) {
      facts = Facts(client: client, bytes: bytes)
      stream = StreamName("post-\(facts.run)-\(client)")
    }

    mutating func event() -> NewEvent {
      NewEvent(
        type: EventType(Facts.type),
        data: facts.data(),
        tags: facts.tags().map { Tag($0) }
      )
    }
  }
}
