internal import EventLogCore
internal import MessagingCore

// Bounds and counts of parked streams.
extension FeedLaws {
  /// M12: however often the process ends, a stream is tried as often as its error's kind admits.
  public func M12_attemptCountsSurviveACrash() async throws -> [String] {
    let first = FeedHarness(engine())
    let handler = RecordingHandler(categories: ["post"]) { _ in .unknown }
    var findings: [String] = []
    let last = try await first.append(["post-1", "post-1"])
    var attempts = -1
    // Each round is a process of its own, that ends as soon as one more attempt is stored.
    while handler.store.parked.first?.state != .dead {
      let harness = FeedHarness(engine(), over: first.log)
      let known = attempts
      try await harness.running([harness.runner(handler)]) {
        try await harness.reached(last, by: handler)
        try await patience {
          handler.store.parked.contains { $0.attempts > known || $0.state == .dead }
        }
      }
      guard let row = handler.store.parked.first else { return findings + ["nothing is parked"] }
      if row.attempts < attempts { findings.append("\(row.attempts) attempts after \(attempts)") }
      attempts = row.attempts
    }
    if attempts != 3 { findings.append("dead after \(attempts) attempts") }
    return try await findings + first.findings(of: handler)
  }

  /// M12: at its bound a lane pauses, evicts and skips nothing, and goes on below nine tenths.
  public func M12_atItsBoundALanePausesUntilThereIsRoom() async throws -> [String] {
    let harness = FeedHarness(engine())
    let isBroken = Flag(true)
    let bound = MessagingLimits.parkedPerLane
    let inLane = (0...).lazy.map { "post-\($0)" }.filter { Partition.of(StreamName($0)) == 0 }
    let streams = Array(inLane.prefix(bound + 20))
    let handler = RecordingHandler(categories: ["post"]) { event in
      guard let stream = event.stream, isBroken.isSet else { return nil }
      return Partition.of(stream) == 0 ? .permanent : nil
    }
    let lane = LaneID(handler: handler.id, partition: 0)
    let runner = harness.runner(handler)
    @Sendable func state() -> LaneState? { runner.status().first { $0.lane == lane }?.state }
    var findings = try await harness.running([runner]) {
      var findings: [String] = []
      var last = GlobalPosition.start
      for begin in stride(from: 0, to: streams.count, by: 200) {
        last = try await harness.append(Array(streams[begin..<min(begin + 200, streams.count)]))
      }
      let end = last
      try await patience { state() == .full }
      if handler.store.parked.count != bound {
        findings.append("\(handler.store.parked.count) parked")
      }
      // Another lane goes on meanwhile.
      let other = try await harness.append(["post-2"])
      let neighbour = LaneID(handler: handler.id, partition: Partition.of("post-2"))
      try await patience { (harness.applied(neighbour) ?? .start) >= other }
      isBroken.set(false)
      // Down to nine tenths it stays where it is.
      let parked = handler.store.parked.map(\.stream).sorted()
      let most = bound / 10
      for stream in parked.prefix(most) { runner.redrive(stream) }
      try await patience { handler.store.parked.count == bound - most }
      await harness.host.probe()
      if state() != .full { findings.append("went on at nine tenths: \(state() as Any)") }
      for stream in parked.dropFirst(most).prefix(1) { runner.redrive(stream) }
      try await patience { (harness.applied(lane) ?? .start) >= end }
      return findings
    }
    findings += try await harness.findings(of: handler)
    if handler.store.parked.count != bound - bound / 10 - 1 {
      findings.append("\(handler.store.parked.count) parked in the end")
    }
    return findings
  }

  /// M3, M11: events without a stream are kept apart by their ids, parked and redriven alone.
  public func M11_eventsWithoutAStreamAreParkedAlone() async throws -> [String] {
    let harness = FeedHarness(engine())
    let isBroken = Flag(true)
    let handler = RecordingHandler(categories: [.none]) { event in
      isBroken.isSet && event.position.number % 10 == 0 ? .permanent : nil
    }
    let runner = harness.runner(handler)
    var findings = try await harness.running([runner]) {
      let last = try await harness.appendLoose(100)
      try await harness.reached(last, by: handler)
      var findings = try await harness.findings(of: handler)
      let parked = handler.store.parked
      if parked.count != 10 || parked.contains(where: { !$0.stream.text.hasPrefix("#") }) {
        findings.append("parked: \(parked.map(\.stream))")
      }
      isBroken.set(false)
      for row in parked { runner.redrive(row.stream) }
      try await patience { handler.store.parked.isEmpty }
      return findings
    }
    findings += try await harness.findings(of: handler)
    return findings
  }
}
