import EventLogConformance
import EventLogCore
import EventLogInMemory
import MessagingConformance
import MessagingCore
import MessagingInProcess
import Testing

/// Lanes of a log that begins an epoch while they run, as after a failover without loss.
@Suite(.timeLimit(.minutes(2))) struct RenewedLogTests {
  private static let patience = Duration.seconds(30)

  private func append(_ count: Int, to log: RenewedEngine) async throws -> GlobalPosition {
    let events = (0..<count).map { _ in NewEvent(type: "Happened") }
    return try await log.append(AppendRequest(to: "post-1", events)).lastPosition
  }

  @Test func M09_aLaneGoesOnAfterItsStoreFailedInTheNewEpoch() async throws {
    let log = RenewedEngine(InMemoryEventLog())
    let host = HandlerHost(log: log, feed: InProcessFeed(), time: .accelerated())
    let handler = RecordingHandler(categories: ["post"])
    let lane = LaneID(handler: handler.id, partition: Partition.of("post-1"))
    let applied = Watched(GlobalPosition.start)
    let runner = HandlerRunner(handler, at: host) { id, position in
      if id == lane { applied.update { $0 = max($0, position) } }
    }
    @Sendable func reached(_ position: GlobalPosition) async throws {
      let found = try await applied.wait(until: { $0 >= position }, within: Self.patience)
      try #require(found != nil, "the lane stands at \(applied.value) of \(position)")
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await host.run() }
      group.addTask { await runner.run() }
      let before = try await append(3, to: log)
      try await reached(before)
      log.beginEpoch(after: before)
      try await reached(try await append(3, to: log))
      // The store fails, and the lane reads its rows again.
      handler.store.setFault { .beforeCommit }
      let last = try await append(1, to: log)
      let end = ContinuousClock.now + Self.patience
      while !runner.status().contains(where: { $0.lane == lane && Self.isOut($0.state) }) {
        try #require(ContinuousClock.now < end, "the fault was not met")
        try await Task.sleep(for: .milliseconds(1))
      }
      handler.store.setFault(nil)
      try await reached(last)
      await runner.stop()
      group.cancelAll()
    }
    let stored = try #require(handler.store.checkpoint(of: lane))
    #expect(stored.accepted(by: log.identity)?.floor == GlobalPosition(7))
    #expect(handler.store.effects["post-1"]?.count == 7)
  }

  private static func isOut(_ state: LaneState) -> Bool {
    if case .outage = state { true } else { false }
  }
}
