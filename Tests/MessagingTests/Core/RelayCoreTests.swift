import EventLogCore
import MessagingConformance
import MessagingCore
import Testing

@Suite struct RelayCoreTests {
  private static let id = EventID(high: 1, low: 1)
  private static let streams: [StreamName] = ["post-1", "post-2", "user-42", "user-7", "other"]

  /// Publishes all of `events` after `tails`; everything is settled as soon as it is published.
  private func messages(
    of events: [RecordedEvent],
    after tails: Tails = Tails(at: .start),
    pages: Int,
    isLossy: Bool = false
  ) -> (core: RelayCore, messages: [FeedMessage]) {
    var core = RelayCore(log: Self.id, tails: tails)
    var actions = core.start()
    var published: [GlobalPosition: FeedMessage] = [:]
    var losses = 0
    let head = GlobalPosition(UInt64(events.count))
    while !actions.isEmpty {
      switch actions.removeFirst() {
      case .awaitHead(let beyond): if beyond < head { actions += core.on(.head(head)) }
      case .read(let after):
        let end = min(events.count, Int(after.number) + pages)
        let page = Array(events[Int(after.number)..<end])
        actions += core.on(.page(page, scannedTo: GlobalPosition(UInt64(end)), head: head))
      case .publish(let messages):
        for message in messages { published[message.position] = message }
        losses += 1
        let isLost = isLossy && losses % 3 == 0
        actions += core.on(
          .settlement(isLost ? .lost("gone") : .settled(messages.map(\.position), .stored))
        )
      case .announce, .pause: break
      }
    }
    return (core, published.values.sorted { $0.position < $1.position })
  }

  private func text(_ message: FeedMessage) -> String {
    "\(message.key) \(message.log) \(message.position) \(message.previous) "
      + "\(message.event?.id as Any) \(message.event?.stream as Any)"
  }

  @Test func M02_twoRelaysMakeEqualMessagesForOnePosition() {
    let events = ModelEvents.log(2_000, over: Self.streams)
    let one = messages(of: events, pages: 500).messages.map(text)
    let other = messages(of: events, pages: 7, isLossy: true).messages.map(text)
    #expect(one.count == 2_000)
    #expect(one == other)
    // A relay that takes over with the tails of the one before.
    let before = messages(of: Array(events.prefix(777)), pages: 100).core
    let after = messages(of: events, after: before.tails, pages: 100).messages.map(text)
    #expect(Array(one.dropFirst(777)) == after)
  }

  @Test func M02_aRelayThatBeginsAtTheHeadMayPointHigherNeverLower() {
    let events = ModelEvents.log(2_000, over: Self.streams)
    let exact = messages(of: events, pages: 500).messages
    let begin = GlobalPosition(777)
    let young = messages(of: events, after: Tails(at: begin), pages: 100).messages
    #expect(young.count == 2_000 - 777)
    var seen: Set<RoutingKey> = []
    for (mine, its) in zip(young, exact.dropFirst(777)) {
      #expect(mine.position == its.position)
      if seen.insert(mine.key).inserted {
        #expect(mine.previous == begin)
        #expect(its.previous <= begin)
      } else {
        #expect(mine.previous == its.previous)
      }
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func M08_theCursorIsMonotoneAndPassesOnlyWhatIsSettled(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let events = ModelEvents.log(3_000, over: Self.streams)
    var core = RelayCore(log: Self.id, tails: Tails(at: .start))
    var actions = core.start()
    var inFlight: [GlobalPosition] = []
    var settled: Set<GlobalPosition> = []
    var passed = GlobalPosition.start
    func judge() {
      #expect(core.cursor >= passed)
      while passed < core.cursor {
        passed = passed.next
        #expect(settled.contains(passed), "\(passed) was passed and never settled")
      }
    }
    while core.cursor < GlobalPosition(3_000) {
      let isSettling = !inFlight.isEmpty && (actions.isEmpty || Bool.random(using: &random))
      if isSettling {
        inFlight.shuffle(using: &random)
        if Int.random(in: 0..<20, using: &random) == 0 {
          inFlight = []
          actions += core.on(.settlement(.lost("gone")))
        } else {
          let some = Array(inFlight.prefix(Int.random(in: 1...90, using: &random)))
          inFlight.removeFirst(some.count)
          settled.formUnion(some)
          actions += core.on(.settlement(.settled(some, .stored)))
        }
      } else if !actions.isEmpty {
        switch actions.removeFirst() {
        case .awaitHead: actions += core.on(.head(GlobalPosition(3_000)))
        case .read(let after):
          let end = min(3_000, Int(after.number) + Int.random(in: 1...200, using: &random))
          let page = Array(events[Int(after.number)..<end])
          let scannedTo = GlobalPosition(UInt64(end))
          actions += core.on(.page(page, scannedTo: scannedTo, head: GlobalPosition(3_000)))
        case .publish(let messages): inFlight += messages.map(\.position)
        case .announce, .pause: break
        }
      } else {
        Issue.record("the relay stands at \(core.cursor)")
        return
      }
      judge()
    }
  }

  @Test func M08_farBehindTheRelayLeapsAndCountsWhatItSkips() {
    let behind = MessagingLimits.relayFarBehind
    let exactly = messages(of: ModelEvents.log(Int(behind), over: Self.streams), pages: 500)
    #expect(exactly.core.counters.skipped == 0)
    #expect(exactly.messages.count == Int(behind))

    let events = ModelEvents.log(Int(behind) + 1, over: Self.streams)
    let beyond = messages(of: events, pages: 500)
    let first = GlobalPosition(behind + 2 - MessagingLimits.relayLeapDistance)
    #expect(beyond.core.counters.skipped == Int(first.number) - 1)
    #expect(beyond.messages.map(\.position).first == first)
    #expect(beyond.messages.count == Int(MessagingLimits.relayLeapDistance))
    #expect(beyond.core.cursor == GlobalPosition(behind + 1))
    // Its messages still say what came before them, so lanes see the hole.
    let exact = Int(first.number) - 1 - Self.streams.count
    #expect(beyond.messages.first?.previous == GlobalPosition(UInt64(exact + 1)))
  }
}
