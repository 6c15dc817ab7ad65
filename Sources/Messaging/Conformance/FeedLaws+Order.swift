internal import EventLogCore
internal import MessagingCore
internal import Synchronization

// What the feed itself promises, seen by a sink and by lanes that have no other help.
extension FeedLaws {
  /// M1: without faults the messages of a routing key arrive in position order, none missing.
  public func M01_messagesOfOneKeyArriveInOrderNoneMissing() async throws -> [String] {
    let harness = FeedHarness(engine())
    let sink = RecordingSink()
    let subscription = FeedSubscription(service: "conformance", categories: ["post", "user"])
    try await harness.feed.prepare(subscription)
    let attachment = try await harness.feed.attach(sink, to: subscription)
    let last = try await harness.running([]) {
      // The relay begins at the head: what it publishes first tells where that was.
      var last = GlobalPosition.start
      while sink.messages.isEmpty {
        last = try await harness.append(["post-0"])
        try await Task.sleep(for: .milliseconds(2))
      }
      for _ in 0..<40 { last = try await harness.append(Self.streams + ["other-1"]) }
      let end = last
      try await patience { harness.host.relay.cursor >= end }
      return last
    }
    await harness.feed.detach(attachment)
    // A feed may deliver more than a sink asks for; sinks let that go.
    let messages = sink.messages.filter { subscription.categories.contains($0.key.category) }
    guard let first = messages.first else { return ["nothing arrived"] }
    var findings: [String] = []
    var tails: [RoutingKey: GlobalPosition] = [:]
    for message in messages {
      let tail = tails.updateValue(message.position, forKey: message.key)
      if let tail, message.previous != tail || message.position <= tail {
        findings.append("\(message.key): \(message.position) says \(message.previous), not \(tail)")
      }
    }
    let page = try await harness.log.readAll(
      after: GlobalPosition(first.position.number - 1),
      limit: EventLogLimits.pageEvents
    )
    let wanted = page.events.filter { Category(of: $0.stream ?? "") != "other" }.map(\.position)
    if messages.map(\.position).sorted() != wanted { findings.append("not what the log has") }
    if page.events.last?.position != last { findings.append("the log is longer than one page") }
    return findings
  }

  /// M7: lanes of a handler whose store stands still keep no lane of another handler back.
  public func M07_aStoppedHandlerKeepsNoOtherBack() async throws -> [String] {
    let harness = FeedHarness(engine())
    let isDown = Flag(true)
    let stopped = RecordingHandler(name: "stopped", categories: ["post", "user"]) { _ in
      isDown.isSet ? .outage : nil
    }
    let other = RecordingHandler(name: "other", categories: ["post", "user"])
    let runner = harness.runner(other)
    try await harness.running([harness.runner(stopped), runner]) {
      var last = GlobalPosition.start
      // One after another: each is there before the next is appended.
      for _ in 0..<100 {
        last = try await harness.append(Self.streams)
        try await harness.reached(last, by: other)
      }
      isDown.set(false)
      try await harness.reached(last, by: stopped)
    }
    let outages = runner.counters().map(\.outages).reduce(0, +)
    let findings = try await harness.findings(of: other) + harness.findings(of: stopped)
    return findings + (outages == 0 ? [] : ["\(outages) outages where none was"])
  }

  /// For a relay that gets its turn late on a busy machine.
  private static let relayPatience = Duration.seconds(20)

  /// M3, M8: far behind, the relay leaves a range to the lanes, and counts what it leaves.
  public func M08_whatTheRelaySkipsIsCountedAndHealsFromTheLog() async throws -> [String] {
    let harness = FeedHarness(engine())
    let handler = RecordingHandler(categories: ["post", "user"])
    try await harness.running([harness.runner(handler)]) {
      try await harness.reached(try await harness.append(Self.streams), by: handler)
      harness.feed.hold(true)
      let rounds = Int(MessagingLimits.relayFarBehind) / 500 + 5
      let many = (0..<500).map { Self.streams[$0 % Self.streams.count] }
      var last = GlobalPosition.start
      for _ in 0..<rounds { last = try await harness.append(many) }
      harness.feed.hold(false)
      try await harness.reached(last, by: handler)
      // The lanes may have read to the end by themselves before the relay has looked how far it is.
      let deadline = ContinuousClock.now + Self.relayPatience
      while harness.host.relay.counters.skipped == 0, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(10))
      }
    }
    let skipped = harness.host.relay.counters.skipped
    let findings = try await harness.findings(of: handler)
    return findings + (skipped > 0 ? [] : ["the relay skipped nothing"])
  }
}

/// Remembers what a feed delivers.
private final class RecordingSink: FeedSink {
  private let all = Mutex<[FeedMessage]>([])
  var messages: [FeedMessage] { all.withLock { $0 } }
  func deliver(_ messages: [FeedMessage]) { all.withLock { $0 += messages } }
}
