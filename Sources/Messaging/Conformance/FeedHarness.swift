public import EventLogCore
public import EventLogInMemory
public import MessagingCore
internal import Synchronization

extension MessagingTime {
  /// Time that runs `factor` times as fast as the system's, so that nobody waits for a probe.
  public static func accelerated(_ factor: Int = 50, seed: UInt64 = 1) -> MessagingTime {
    let begin = ContinuousClock.now
    let epoch = Timestamp.now
    let seeds = SeedSource(seed)
    return MessagingTime(
      now: { epoch.advanced(by: (ContinuousClock.now - begin) * factor) },
      sleep: { try await Task.sleep(for: $0 / factor) },
      seed: { seeds.next() }
    )
  }
}

private final class SeedSource: Sendable {
  private let random: Mutex<SeededRandom>
  init(_ seed: UInt64) { random = Mutex(SeededRandom(seed: seed)) }
  func next() -> UInt64 { random.withLock { $0.next() } }
}

/// A log, a feed with faults, and handlers that remember their effects.
public final class FeedHarness: Sendable {
  /// The log; everything is read from it.
  public let log: InMemoryEventLog
  /// The feed under test, wrapped.
  public let feed: FaultyFeed
  /// Relay and probe.
  public let host: HandlerHost
  private let applied = Watched<[LaneID: GlobalPosition]>([:])

  /// Makes a harness around an engine; over the log of another one it is the next process.
  public init(
    _ engine: any FeedEngine,
    over log: InMemoryEventLog = InMemoryEventLog(),
    time: MessagingTime = .accelerated()
  ) {
    self.log = log
    feed = FaultyFeed(engine)
    host = HandlerHost(log: log, feed: feed, time: time)
  }

  /// A runner whose positions the harness can wait for.
  public func runner(
    _ handler: RecordingHandler,
    bulkCatchUp: HandlerRunner<RecordingHandler>.BulkCatchUp? = nil
  ) -> HandlerRunner<RecordingHandler> {
    HandlerRunner(handler, at: host, bulkCatchUp: bulkCatchUp) { [applied] lane, position in
      applied.update { $0[lane] = position }
    }
  }

  /// Runs host and runners around `body`, then ends them as a crash would.
  public func running<R: Sendable>(
    _ runners: [HandlerRunner<RecordingHandler>],
    _ body: @Sendable () async throws -> R
  ) async throws -> R {
    let host = host
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await host.run() }
      for runner in runners { group.addTask { await runner.run() } }
      let result = try await body()
      group.cancelAll()
      return result
    }
  }

  /// Appends one event to each of `streams`; answers the last position.
  @discardableResult
  public func append(_ streams: [String], type: EventType = "Happened") async throws
    -> GlobalPosition
  {
    var parts: [String: [NewEvent]] = [:]
    for stream in streams { parts[stream, default: []].append(NewEvent(type: type)) }
    let request = AppendRequest(parts.map { StreamAppend(to: StreamName($0.key), $0.value) })
    return try await log.append(request).lastPosition
  }

  /// Appends events without a stream, each on its own; answers the last position.
  @discardableResult
  public func appendLoose(_ count: Int) async throws -> GlobalPosition {
    let events = (0..<count).map { _ in NewEvent(type: "Happened") }
    return try await log.append(AppendRequest(to: nil, events)).lastPosition
  }

  /// Waits until every lane of a handler has handled or parked everything up to `position`.
  public func reached(_ position: GlobalPosition, by handler: RecordingHandler) async throws {
    _ = try await applied.wait { applied in
      (0..<MessagingLimits.partitions).allSatisfy { partition in
        let lane = LaneID(handler: handler.id, partition: partition)
        return (applied[lane] ?? .start) >= position
      }
    }
  }

  /// The last position a lane reported; nil if it never did.
  public func applied(_ lane: LaneID) -> GlobalPosition? { applied.value[lane] }

  /// Forgets what was reported, before another run.
  public func forget() { applied.update { $0 = [:] } }

  /// What is wrong after everything was handled; empty: nothing is.
  ///
  /// Each wanted event took effect exactly once and in the order of its stream, or is parked.
  public func findings(of handler: RecordingHandler) async throws -> [String] {
    var events: [RecordedEvent] = []
    var after: GlobalPosition?
    while true {
      let page = try await log.readAll(after: after, limit: EventLogLimits.pageEvents)
      events += page.events
      after = page.scannedTo
      if page.isEnd { break }
    }
    return Oracle.findings(
      events: events,
      handler: handler,
      effects: handler.store.effects,
      parked: handler.store.parked
    )
  }
}

/// What must hold at the end of every run, whatever faults there were (M3, M4).
package enum Oracle {
  package static func findings(
    events: [RecordedEvent],
    handler: RecordingHandler,
    effects: [StreamName: [GlobalPosition]],
    parked: [ParkedStream]
  ) -> [String] {
    var wanted: [StreamName: [GlobalPosition]] = [:]
    for event in events where event.matches(handler.query) && !event.isRemoved {
      let key = RoutingKey(of: event)
      guard handler.categories.contains(key.category) else { continue }
      let stream = event.stream ?? StreamName("#" + event.id.description)
      wanted[stream, default: []].append(event.position)
    }
    let rows = Dictionary(parked.map { ($0.stream, $0) }) { first, _ in first }
    var findings: [String] = []
    for stream in Set(wanted.keys).union(effects.keys).union(rows.keys).sorted() {
      let all = wanted[stream] ?? []
      let done = effects[stream] ?? []
      var expected = all
      if let row = rows[stream] {
        expected = all.filter { $0 < row.headPosition }
        if row.tailPosition != all.last {
          findings.append(
            "\(stream) is parked up to \(row.tailPosition), ends at \(all.last as Any)"
          )
        }
        let behind = all.filter { $0 > row.headPosition }.count
        let isHeadAnEvent = all.contains(row.headPosition)
        if isHeadAnEvent, behind != Int(row.behind) {
          findings.append("\(stream) has \(behind) behind its head, its row says \(row.behind)")
        }
      }
      if done != expected { findings.append("\(stream): effects \(done), expected \(expected)") }
    }
    return findings
  }
}
