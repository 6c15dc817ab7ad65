internal import EventLogCore
public import MessagingCore
internal import Synchronization

/// Laws of a feed with its lanes; each answers what is wrong, nothing if it holds.
public struct FeedLaws: Sendable {
  let engine: @Sendable () -> any FeedEngine

  /// Speaks of feeds that `engine` makes.
  public init(_ engine: @escaping @Sendable () -> any FeedEngine) { self.engine = engine }

  static let streams = (0..<12).map { "post-\($0)" } + (0..<6).map { "user-\($0)" }

  /// M3, M4, M5: a fault of the feed never costs an event, an effect twice, or an order.
  public func M04_lossRepetitionAndReorderingCostNoOrder() async throws -> [String] {
    let harness = FeedHarness(engine())
    let handler = RecordingHandler(categories: ["post", "user"])
    let random = Mutex(SeededRandom(seed: 11))
    harness.feed.setFault { messages in
      random.withLock { random in
        var result: [FeedMessage] = []
        for message in messages where Int.random(in: 0..<4, using: &random) != 0 {
          result.append(message)
          if Bool.random(using: &random) { result.append(message) }
        }
        return result.shuffled(using: &random)
      }
    }
    try await harness.running([harness.runner(handler)]) {
      for _ in 0..<60 { try await harness.append(Self.streams) }
      let last = try await harness.append(Self.streams)
      try await harness.reached(last, by: handler)
    }
    return try await harness.findings(of: handler)
  }

  /// M5: no further message is needed to see that the last one was lost.
  public func M05_aLostLastMessageHealsByTheProbe() async throws -> [String] {
    let harness = FeedHarness(engine())
    let handler = RecordingHandler(categories: ["post"])
    try await harness.running([harness.runner(handler)]) {
      let first = try await harness.append(["post-1"])
      try await harness.reached(first, by: handler)
      harness.feed.setFault { _ in [] }
      let last = try await harness.append(["post-1"])
      try await harness.reached(last, by: handler)
    }
    return try await harness.findings(of: handler)
  }

  /// M7, M11: a failing stream waits alone; once it can be handled, all of it comes in order.
  public func M11_aParkedStreamStopsNoOtherAndIsRedrivenInOrder() async throws -> [String] {
    let harness = FeedHarness(engine())
    let isBroken = Flag(true)
    let handler = RecordingHandler(categories: ["post"]) { event in
      isBroken.isSet && event.stream == StreamName("post-1") ? .permanent : nil
    }
    let runner = harness.runner(handler)
    var findings = try await harness.running([runner]) {
      var last = GlobalPosition.start
      for _ in 0..<50 { last = try await harness.append(["post-1", "post-2"]) }
      try await harness.reached(last, by: handler)
      var findings = try await harness.findings(of: handler)
      if handler.store.parked.map(\.stream.text) != ["post-1"] {
        findings.append("parked: \(handler.store.parked)")
      }
      isBroken.set(false)
      runner.redrive(StreamName("post-1"))
      for _ in 0..<50 { last = try await harness.append(["post-1", "post-2"]) }
      try await harness.reached(last, by: handler)
      try await patience { handler.store.parked.isEmpty }
      return findings
    }
    findings += try await harness.findings(of: handler)
    return findings
  }

  /// M3, M10: lanes that end anywhere go on from what was committed.
  public func M10_aCrashCostsNoEventAndRepeatsNone() async throws -> [String] {
    let harness = FeedHarness(engine())
    let handler = RecordingHandler(categories: ["post", "user"])
    let commits = Mutex(0)
    handler.store.setFault {
      commits.withLock { commits in
        commits += 1
        return commits % 17 == 0 ? .afterCommit : commits % 13 == 0 ? .beforeCommit : nil
      }
    }
    for _ in 0..<8 {
      harness.forget()
      let engine = harness.log
      let feed = self.engine()
      let host = HandlerHost(log: engine, feed: feed, time: .accelerated())
      await withTaskGroup { group in
        group.addTask { await host.run() }
        group.addTask {
          await HandlerRunner(handler, at: host) { _, _ in }.run()
        }
        for _ in 0..<10 { _ = try? await harness.append(Self.streams) }
        group.cancelAll()
      }
    }
    handler.store.setFault(nil)
    try await harness.running([harness.runner(handler)]) {
      try await harness.reached(try await harness.append(Self.streams), by: handler)
    }
    return try await harness.findings(of: handler)
  }

  /// M15: nothing takes effect between `stop()` and `restart()`, nothing is missing afterwards.
  public func M15_afterStopNothingFollowsAndRestartGoesOn() async throws -> [String] {
    let harness = FeedHarness(engine())
    let handler = RecordingHandler(categories: ["post", "user"])
    let runner = harness.runner(handler)
    var findings = try await harness.running([runner]) {
      try await harness.reached(try await harness.append(Self.streams), by: handler)
      var findings: [String] = []
      for _ in 0..<5 {
        try await harness.append(Self.streams)
        await runner.stop()
        let commits = handler.store.commits
        let last = try await harness.append(Self.streams)
        try await Task.sleep(for: .milliseconds(20))
        if handler.store.commits != commits { findings.append("a commit after stop") }
        await runner.restart()
        try await harness.reached(last, by: handler)
      }
      return findings
    }
    findings += try await harness.findings(of: handler)
    return findings
  }

  /// M6: a handler whose store stands still keeps nobody waiting, and ends complete.
  public func M06_publishingNeverWaitsForAConsumer() async throws -> [String] {
    let harness = FeedHarness(engine())
    let isDown = Flag(true)
    let slow = RecordingHandler(name: "slow", categories: ["post"]) { _ in
      isDown.isSet ? .outage : nil
    }
    let fast = RecordingHandler(name: "fast", categories: ["post"])
    try await harness.running([harness.runner(slow), harness.runner(fast)]) {
      var last = GlobalPosition.start
      let many = Array(repeating: "post-1", count: 500)
      for _ in 0..<6 { last = try await harness.append(many) }
      try await harness.reached(last, by: fast)
      isDown.set(false)
      try await harness.reached(last, by: slow)
    }
    return try await harness.findings(of: slow) + harness.findings(of: fast)
  }

  /// M9: a lane whose checkpoint speaks of another log does nothing.
  public func M09_aCheckpointOfAnotherLogIsRefused() async throws -> [String] {
    let harness = FeedHarness(engine())
    let handler = RecordingHandler(categories: ["post"])
    let lane = LaneID(handler: handler.id, partition: 0)
    let foreign = LogIdentity(id: EventID(high: 9, low: 9), epoch: 1)
    try await handler.store.transact {
      try $0.put(Checkpoint(log: foreign, floor: GlobalPosition(1)), of: lane)
    }
    let runner = harness.runner(handler)
    try await harness.running([runner]) {
      try await harness.append(["post-1"])
      try await patience {
        runner.status().contains { $0.lane == lane && $0.state == .foreignLog }
      }
    }
    return handler.store.effects.isEmpty ? [] : ["effects \(handler.store.effects)"]
  }

  /// Waits for what no position tells, a minute at most by the suite's own limit.
  func patience(_ isMet: @Sendable () -> Bool) async throws {
    while !isMet() { try await Task.sleep(for: .milliseconds(2)) }
  }
}

/// A switch that several tasks see.
final class Flag: Sendable {
  private let value: Mutex<Bool>
  init(_ value: Bool) { self.value = Mutex(value) }
  var isSet: Bool { value.withLock { $0 } }
  func set(_ new: Bool) { value.withLock { $0 = new } }
}
