import EventLogCore
import MessagingConformance
import MessagingCore
import Testing

@Suite struct LaneCoreTests {
  private static let log = LogIdentity(id: EventID(high: 1, low: 1), epoch: 1)
  private static let begin = Timestamp(microseconds: 1_000_000_000)
  private static let lane = LaneID(
    handler: HandlerID(service: "conformance", name: "core", version: 1),
    partition: Partition.of("post-1")
  )

  private func core() -> LaneCore {
    LaneCore(lane: Self.lane, categories: ["post"], query: .all, log: Self.log, seed: 1)
  }

  private func messages(_ range: ClosedRange<UInt64>) -> [FeedMessage] {
    range.map { number in
      let position = GlobalPosition(number)
      let event = ModelEvents.event(at: position, in: "post-1", revision: number - 1)
      return FeedMessage(
        key: RoutingKey(of: event),
        log: Self.log.id,
        position: position,
        previous: GlobalPosition(number - 1),
        event: event
      )
    }
  }

  private func work(_ actions: [LaneCore.Action]) -> LaneWork? {
    for action in actions { if case .perform(let work) = action { return work } }
    return nil
  }

  private func opened(_ core: inout LaneCore) {
    let checkpoint = Checkpoint(log: Self.log, floor: .start, fence: 1)
    _ = core.on(.opened(checkpoint, parked: [], head: .start), now: Self.begin)
  }

  @Test func anOutagePausesParksNothingAndGoesOnStepByStep() {
    var core = core()
    opened(&core)
    var now = Self.begin
    var next = work(core.on(.delivered(messages(1...200)), now: now))
    let failure = LaneFailure(kind: .outage, text: "store is down")
    // Pauses are drawn at random; their bound doubles up to half a minute.
    for round in 0..<8 {
      guard case .apply = next else { return #expect(Bool(false), "no batch in round \(round)") }
      next = work(core.on(.failed(at: 0, failure), now: now))
      #expect(core.state == .outage("store is down"))
      let paused = now
      while next == nil, now < paused.advanced(by: MessagingLimits.outageCap * 2) {
        now = now.advanced(by: .milliseconds(10))
        next = work(core.on(.ticked, now: now))
      }
      #expect(now <= paused.advanced(by: MessagingLimits.outageCap + .milliseconds(10)))
    }
    #expect(core.counters.outages == 8)
    #expect(core.parked.isEmpty)
    #expect(core.checkpoint.floor == .start)

    var sizes: [Int] = []
    while case .apply(let batch) = next {
      sizes.append(batch.events.count)
      next = work(core.on(.applied(count: batch.events.count, rows: []), now: now))
    }
    #expect(Array(sizes.prefix(4)) == MessagingLimits.outageRamp)
    #expect((sizes.max() ?? 0) > 5)
    #expect(sizes.reduce(0, +) == 200)
    #expect(core.checkpoint.floor == GlobalPosition(200))
    #expect(core.state == .live)
  }

  @Test func M12_refusedByTheHandlersBoundTheLanePausesAndAsksAgain() {
    var core = core()
    opened(&core)
    var next = work(core.on(.delivered(messages(1...3)), now: Self.begin))
    let failure = LaneFailure(kind: .permanent, text: "no")
    next = work(core.on(.failed(at: 0, failure), now: Self.begin))
    for _ in 0..<3 {
      while case .apply = next { next = work(core.on(.failed(at: 0, failure), now: Self.begin)) }
      guard case .park(let event, _, _) = next else {
        return #expect(Bool(false), "asked for \(next as Any)")
      }
      #expect(event.event.position == GlobalPosition(1))
      #expect(work(core.on(.parkRefused, now: Self.begin)) == nil)
      #expect(core.state == .full)
      #expect(core.checkpoint.floor == .start)
      // More deliveries do not move it; time does.
      #expect(work(core.on(.delivered(messages(4...5)), now: Self.begin)) == nil)
      next = work(core.on(.ticked, now: Self.begin))
    }
  }

  @Test func M12_aHandlersBoundIsExactAndOpensBelowNineTenths() {
    let count = ParkedCount(bound: 100)
    for _ in 0..<100 { #expect(count.reserve()) }
    #expect(!count.reserve())
    count.release(10)
    #expect(!count.reserve())
    count.release(1)
    for _ in 0..<11 { #expect(count.reserve()) }
    #expect(!count.reserve())
    #expect(count.count == 100)
  }

  @Test func M06_aLanesBufferIsBoundedAndLetsItsOldestGo() {
    var core = core()
    opened(&core)
    let more = UInt64(MessagingLimits.laneBuffer)
    // A first batch is in flight; what comes meanwhile has to wait.
    _ = core.on(.delivered(messages(1...1)), now: Self.begin)
    _ = core.on(.delivered(messages(2...(more + 51))), now: Self.begin)
    #expect(core.counters.dropped == 50)
    guard case .read(let after, _) = work(core.on(.applied(count: 1, rows: []), now: Self.begin))
    else { return #expect(Bool(false), "the hole was not seen") }
    #expect(after == GlobalPosition(1))
    #expect(core.counters.holes == 1)
  }

  /// A core that handled `messages(1...5)` in an epoch that began after the third.
  private func renewed(_ next: LogIdentity) -> LaneCore {
    var core = core()
    opened(&core)
    #expect(work(core.follow(next)) == nil)
    let first = work(core.on(.delivered(messages(1...5)), now: Self.begin))
    guard case .apply(let batch) = first else {
      Issue.record("asked for \(first as Any)")
      return core
    }
    #expect(batch.checkpoint(after: 5).log == next)
    _ = core.on(.applied(count: 5, rows: []), now: Self.begin)
    #expect(core.checkpoint.floor == GlobalPosition(5))
    return core
  }

  @Test func M09_whatIsHandledAfterAnEpochBeganIsStoredAsItsOwn() {
    let next = Self.log.next(endingAt: GlobalPosition(3))
    var core = renewed(next)
    #expect(core.checkpoint.accepted(by: next) != nil)
    #expect(work(core.follow(next)) == nil)
    // An epoch that ended before what is handled is another log to the lane.
    _ = core.follow(next.next(endingAt: GlobalPosition(4)))
    #expect(core.state == .foreignLog)
  }

  @Test func M09_aClaimThatAnEpochOvertookKeepsWhatIsHandled() {
    let next = Self.log.next(endingAt: GlobalPosition(3))
    var core = renewed(next)
    _ = core.on(.storeFailed("gone"), now: Self.begin)
    let claimed = Checkpoint(log: Self.log, floor: GlobalPosition(3), fence: 2)
    _ = core.on(.opened(claimed, parked: [], head: .start), now: Self.begin)
    #expect(core.state != .foreignLog)
    #expect(core.checkpoint == Checkpoint(log: next, floor: GlobalPosition(5), fence: 2))
  }
}
