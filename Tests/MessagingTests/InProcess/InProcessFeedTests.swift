import EventLogCore
import MessagingConformance
import MessagingCore
import MessagingInProcess
import Testing

@Suite(.timeLimit(.minutes(1))) struct InProcessFeedTests {
  @Test func everyEventTakesEffectOnceInTheOrderOfItsStream() async throws {
    let harness = FeedHarness(InProcessFeed())
    let handler = RecordingHandler(categories: ["post", "user"])
    try await harness.append(["post-1", "user-42", "other-1", "post-1"])
    try await harness.running([harness.runner(handler)]) {
      var last = GlobalPosition.start
      for index in 0..<200 {
        last = try await harness.append(["post-\(index % 7)", "user-\(index % 5)", "other-1"])
      }
      try await harness.reached(last, by: handler)
    }
    #expect(try await harness.findings(of: handler) == [])
    #expect(handler.store.effects.values.map(\.count).reduce(0, +) == 403)
  }

  @Test func idleLanesFollowTheHeadWithoutAProbe() async throws {
    // By the system's clock, so a lane that waited for a probe would need a second each time.
    let harness = FeedHarness(InProcessFeed(), time: .system)
    let handler = RecordingHandler(categories: ["post", "user"])
    let waits = try await harness.running([harness.runner(handler)]) {
      try await harness.reached(try await harness.append(["post-1"]), by: handler)
      var waits: [Duration] = []
      for index in 0..<200 {
        let position = try await harness.append(["post-\(index % 9)"])
        let begin = ContinuousClock.now
        try await harness.reached(position, by: handler)
        waits.append(ContinuousClock.now - begin)
      }
      return waits
    }
    #expect(waits.sorted()[100] < .milliseconds(100))
  }
}
