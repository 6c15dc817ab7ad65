import EventLogCore
import Testing

@Suite struct CommitPlannerTests {
  @Test func positionsAndRevisionsAreUnbroken() {
    var bench = PlannerBench()
    let first = bench.accept(AppendRequest(to: "a", [.named("X"), .named("Y")]))
    let second = bench.accept(
      AppendRequest([
        StreamAppend(to: "b", [.named("X")]), StreamAppend(to: nil, [.named("Z")]),
        StreamAppend(to: "a", [.named("X")]),
      ])
    )
    #expect(first?.parts.first?.positions.map(\.number) == [1, 2])
    #expect(second?.parts.map { $0.positions.map(\.number) } == [[3], [4], [5]])
    #expect(second?.parts.map(\.firstRevision?.number) == [0, nil, 2])
    #expect(bench.planner.head == 5)
  }

  @Test func theMatrixOfExpectedRevisionsHolds() {
    for (expected, accepted) in [
      (ExpectedRevision.any, [true, true, true, false]),
      (.noStream, [true, false, true, false]),
      (.streamExists, [false, true, false, false]),
      (.exactly(StreamRevision(1)), [false, true, true, false]),
      (.exactly(StreamRevision(0)), [false, false, false, false]),
    ] {
      for (state, isAccepted) in zip(PlannerBench.states, accepted) {
        var bench = PlannerBench()
        for request in state { _ = bench.accept(request) }
        let outcome = bench.plan(AppendRequest(to: "s", expecting: expected, [.named("X")]))
        #expect(outcome.isAccepted == isAccepted, "\(expected) on \(state.count) requests")
      }
    }
  }

  @Test func aRefusedRequestChangesNothing() {
    var bench = PlannerBench()
    _ = bench.accept(AppendRequest(to: "a", [.named("X")]))
    let id = EventID.make()
    let outcome = bench.plan(
      AppendRequest(
        [
          StreamAppend(to: "b", [.named("X", id: id)]),
          StreamAppend(to: "a", expecting: .noStream, [.named("X")]),
        ],
        tracking: Tracking(source: "t", position: 1)
      )
    )
    #expect(
      outcome.error
        == .conflict(
          stream: "a",
          expected: .noStream,
          actual: .written(first: .first, last: .first)
        )
    )
    #expect(bench.planner.head == 1)
    let again = bench.accept(
      AppendRequest(
        [StreamAppend(to: "b", expecting: .noStream, [.named("X", id: id)])],
        tracking: Tracking(source: "t", position: 1)
      )
    )
    #expect(again?.lastPosition.number == 2)
  }

  /// What a request needs of the heads it needs from before its first change, which may make the
  /// planner forget them.
  @Test func aRequestThatTurnsTheMemoryOverKnowsItsStreams() throws {
    func bench(headBound: Int) -> PlannerBench {
      var bench = PlannerBench()
      bench.planner = CommitPlanner(
        head: 0,
        lastRecordedAt: Timestamp(microseconds: 0),
        headBound: headBound
      )
      // S is among the older heads, and the next new one drops those.
      for stream: StreamName in ["S", "A", "B", "C"] {
        _ = bench.accept(AppendRequest(to: stream, [.named("X"), .named("Y")]))
      }
      return bench
    }
    var live = bench(headBound: 4)
    #expect(live.plan(.truncating("S", before: StreamRevision(1))).isAccepted)
    let head = try #require(live.batch.heads[NameKey("S" as StreamName)])
    #expect(head.last == 1 && head.first == 1)
    #expect(live.batch.begunStreams == 5)

    // Another log of the same events, which remembers S.
    var source = bench(headBound: 100)
    _ = source.accept(AppendRequest(to: "D", [.named("X")]))
    _ = source.accept(AppendRequest(to: "E", [.named("X")]))
    _ = source.accept(AppendRequest(to: "S", [.named("X")]))
    var target = bench(headBound: 4)
    let restored = PreparedRequest(restoring: Array(source.recorded.suffix(3)))
    #expect(target.plan(restored, facts: target.facts(for: restored)).isAccepted)
    #expect(target.batch.heads[NameKey("S" as StreamName)]?.last == 2)
    #expect(target.batch.begunStreams == 6)
  }

  @Test func eventsOfAnExportHaveIDsOfTheirOwn() throws {
    var source = PlannerBench()
    _ = source.accept(AppendRequest(to: "S", [.named("X"), .named("Y")]))
    let events = source.recorded
    for id in [events[0].id, .none] {
      var envelope = events[1].envelope
      envelope.withUnsafeMutableBytes { bytes in
        Envelope.setID(id, of: bytes)
        Envelope.stamp(
          bytes,
          position: events[1].position,
          revision: events[1].revision,
          recordedAt: events[1].recordedAt
        )
      }
      let forged = PreparedRequest(restoring: [events[0], try RecordedEvent(envelope: envelope)])
      var target = PlannerBench()
      let outcome = target.plan(forged, facts: target.facts(for: forged))
      guard case .invalid? = outcome.error else {
        Issue.record("\(id): \(outcome)")
        continue
      }
      #expect(target.planner.head == 0)
    }
  }

  /// The tail knew the id when the request came, so the store was not asked; then it forgot.
  @Test func anIDThatTheTailForgotIsLookedUpAgain() throws {
    var bench = PlannerBench()
    let first = AppendRequest(to: "a", [.named("X", id: .make())])
    let accepted = bench.accept(first)
    let receipt = try #require(accepted)
    let kept = try #require(bench.recorded.first)
    let again = PreparedRequest(first)
    let restored = PreparedRequest(restoring: [kept])
    let known = bench.facts(for: again)
    let knownRestored = bench.facts(for: restored)
    #expect(bench.planner.questions(for: again).isEmpty)
    #expect(bench.plan(PreparedRequest(first), facts: known).receipt?.parts == receipt.parts)
    let filler = (0..<EventLogLimits.requestEvents).map { _ in NewEvent.named("X") }
    for _ in 0...(RecentTail.eventBound / filler.count) {
      _ = bench.accept(AppendRequest(to: nil, filler))
      bench.planner.trim(published: bench.planner.head)
    }
    #expect(bench.planner.tail.first > 1)
    // Admitted just now as far as everything else goes.
    for (request, facts) in [(again, known), (restored, knownRestored)] {
      var late = ColdFacts(head: bench.planner.head)
      late.streams = facts.streams
      late.recentIDs = facts.recentIDs
      guard case .stale = bench.plan(request, facts: late) else {
        Issue.record("an id was taken for a new one")
        continue
      }
      #expect(bench.planner.questions(for: request).ids.count == 1)
    }
  }

  @Test func aRepeatGetsTheFirstReceiptWhateverItExpects() {
    var bench = PlannerBench()
    let events = (0..<4).map { _ in NewEvent.named("X", id: .make()) }
    let first = bench.accept(AppendRequest(to: "a", expecting: .noStream, events))
    for expected in [ExpectedRevision.any, .noStream, .exactly(StreamRevision(3))] {
      let again = bench.plan(AppendRequest(to: "a", expecting: expected, events))
      #expect(again.receipt?.parts == first?.parts)
      #expect(again.receipt?.isRepeat == true)
    }
    let middle = bench.plan(AppendRequest(to: "a", Array(events[1...2])))
    #expect(middle.receipt?.parts.first?.positions.map(\.number) == [2, 3])
    #expect(middle.receipt?.parts.first?.firstRevision?.number == 1)
    #expect(bench.planner.head == 4)
  }

  @Test func idsKnownElsewhereConflict() {
    var bench = PlannerBench()
    let known = NewEvent.named("X", id: .make())
    let other = NewEvent.named("X", id: .make())
    _ = bench.accept(AppendRequest(to: "a", [known, other]))
    let id = known.id ?? .none
    let cases: [(AppendRequest, EventID, UInt64)] = [
      (AppendRequest(to: "b", [known]), id, 1),
      (AppendRequest(to: nil, [known]), id, 1),
      (AppendRequest(to: "a", [known, .named("X", id: .make())]), id, 1),
      (AppendRequest(to: "a", [.named("X"), known]), id, 1),
      (AppendRequest(to: "a", [.named("Y", id: id)]), id, 1),
      (AppendRequest(to: "a", [other, known]), id, 1),
    ]
    for (request, id, position) in cases {
      #expect(bench.plan(request).error == .idConflict(id, GlobalPosition(position)))
    }
    #expect(bench.planner.head == 2)
  }

  @Test func aConditionSeesWhatWasPlannedBeforeIt() {
    var bench = PlannerBench()
    let claim = AppendRequest(
      to: nil,
      [.named("Claimed", tags: ["slug:a"])],
      condition: AppendCondition(failIfMatches: .tags("slug:a"))
    )
    #expect(bench.plan(claim).isAccepted)
    #expect(bench.plan(claim).error == .conditionFailed(firstMatch: GlobalPosition(1)))
    var later = claim
    later.condition?.after = GlobalPosition(1)
    #expect(bench.plan(later).isAccepted)
    later.condition?.after = .max
    #expect(bench.plan(later).isAccepted)
  }

  @Test func aConditionWithoutItemsMatchesAnyEvent() {
    var bench = PlannerBench()
    let request = AppendRequest(
      to: nil,
      [.named("X")],
      condition: AppendCondition(failIfMatches: .all, after: .start)
    )
    #expect(bench.plan(request).isAccepted)
    #expect(bench.plan(request).error == .conditionFailed(firstMatch: GlobalPosition(1)))
  }

  @Test func textsWithOneHashAreToldApart() {
    var bench = PlannerBench(hashing: { _, _ in TextHash(high: 1, low: 1) })
    _ = bench.accept(AppendRequest(to: nil, [.named("X", tags: ["a"])]))
    _ = bench.accept(AppendRequest(to: nil, [.named("X", tags: ["b"])]))
    func claim(_ query: EventQuery) -> AppendRequest {
      AppendRequest(
        to: nil,
        [.named("X")],
        condition: AppendCondition(failIfMatches: query)
      )
    }
    #expect(
      bench.plan(claim(.tags("b"))).error == .conditionFailed(firstMatch: GlobalPosition(2))
    )
    #expect(bench.plan(claim(.types("Y"))).isAccepted)
  }

  @Test func trackingGrowsStrictly() {
    var bench = PlannerBench()
    func tracked(_ position: UInt64) -> AppendRequest {
      AppendRequest(
        to: nil,
        [.named("X")],
        tracking: Tracking(source: "s", position: position)
      )
    }
    #expect(bench.plan(tracked(0)).isAccepted)
    #expect(
      bench.plan(tracked(0)).error == .trackingNotIncreasing(source: "s", stored: 0, given: 0)
    )
    #expect(bench.plan(tracked(7)).isAccepted)
    #expect(
      bench.plan(tracked(3)).error == .trackingNotIncreasing(source: "s", stored: 7, given: 3)
    )
  }

  @Test func aClockThatJumpsBackIsClamped() {
    var bench = PlannerBench()
    bench.now = Timestamp(microseconds: 100)
    _ = bench.accept(AppendRequest(to: nil, [.named("X")]))
    bench.now = Timestamp(microseconds: 50)
    _ = bench.accept(AppendRequest(to: nil, [.named("X")]))
    #expect(bench.recorded.map(\.recordedAt.microseconds) == [100, 100])
  }

  @Test func stampedEnvelopesAreSound() throws {
    var bench = PlannerBench()
    _ = bench.accept(AppendRequest(to: "a", [.named("X", tags: ["t"]), .named("Y")]))
    for event in bench.recorded {
      _ = try RecordedEvent(envelope: event.envelope)
    }
    #expect(bench.recorded.map(\.position.number) == [1, 2])
    #expect(bench.recorded.map(\.revision?.number) == [0, 1])
  }

  @Test func factsOlderThanTheTailAreStale() {
    var bench = PlannerBench(isCold: true)
    for _ in 0..<10 { _ = bench.accept(AppendRequest(to: nil, [.named("X")])) }
    for _ in 0..<(RecentTail.eventBound / 4096 + 1) {
      _ = bench.accept(
        AppendRequest(to: nil, (0..<4096).map { _ in NewEvent.named("X") })
      )
    }
    bench.planner.trim(published: bench.planner.head)
    #expect(bench.planner.tail.count == RecentTail.eventBound)
    var batch = CommitBatch()
    let outcome = bench.planner.plan(
      PreparedRequest(AppendRequest(to: nil, [.named("X")])),
      facts: ColdFacts(head: 1),
      at: bench.now,
      into: &batch
    )
    if case .stale = outcome {} else { Issue.record("an old fact was trusted: \(outcome)") }
  }

  @Test func freeIDsAreReplacedAndKept() throws {
    var bench = PlannerBench()
    let id = EventID.make()
    var request = AppendRequest(to: nil, [.named("X", id: id), .named("Y", id: id)])
    request.ids = .free
    _ = bench.accept(request)
    _ = bench.accept(request)
    #expect(bench.recorded.count == 4)
    #expect(bench.recorded.first?.id == id)
    #expect(Set(bench.recorded.map(\.id)).count == 4)
    #expect(bench.recorded.dropFirst().allSatisfy { $0.givenID == id })
    for event in bench.recorded { _ = try RecordedEvent(envelope: event.envelope) }
  }
}
