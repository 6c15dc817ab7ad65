import EventLogCore
import Testing

@Suite struct RecentTailTests {
  @Test func firstMatchesAgreeWithAWalk() {
    var random = SplitMix(seed: 7)
    var bench = PlannerBench()
    var events: [NewEvent] = []
    for _ in 0..<3000 {
      let tags = (0..<Int.random(in: 0...3, using: &random)).map { _ in
        Tag("t\(Int.random(in: 0..<12, using: &random))")
      }
      let event = NewEvent.named("T\(Int.random(in: 0..<5, using: &random))", tags: tags)
      events.append(event)
      _ = bench.accept(AppendRequest(to: nil, [event]))
    }
    for _ in 0..<500 {
      let query = EventQuery(
        (0..<Int.random(in: 1...3, using: &random)).map { _ in
          EventQuery.Item(
            types: (0..<Int.random(in: 0...2, using: &random)).map { _ in
              EventType("T\(Int.random(in: 0..<6, using: &random))")
            },
            tags: (0..<Int.random(in: 0...3, using: &random)).map { _ in
              Tag("t\(Int.random(in: 0..<13, using: &random))")
            }
          )
        }
      )
      guard !query.matchesEverything else { continue }
      let after = Int.random(in: 0...events.count, using: &random)
      let condition = PreparedCondition(
        AppendCondition(failIfMatches: query),
        hashing: { TextHash($0, as: $1) }
      )
      let expected = events[after...].firstIndex { query.matches(type: $0.type, tags: $0.tags) }
      let found = bench.planner.tail.firstMatch(condition, after: UInt64(after))
      #expect(found == .first(expected.map { UInt64($0 + 1) }))
    }
  }

  /// Of so many texts that each event is asked, or of alternatives that share a chain.
  @Test func conditionsOfManyAlternativesAgreeWithAWalk() {
    var random = SplitMix(seed: 13)
    var bench = PlannerBench()
    let events = (0..<1500).map { index in
      let tags = ["all", "t\(index % 7)", "t\(index % 31)", "u\(index % 997)"].map { Tag($0) }
      return NewEvent.named("T\(index % 5)", tags: tags)
    }
    _ = bench.accept(AppendRequest(to: nil, events))
    for round in 0..<60 {
      let isLarge = round.isMultiple(of: 2)
      var items = (0..<(isLarge ? 200 : 60)).map { number in
        // Types that no event has, of a tag that all bear.
        EventQuery.Item(types: [EventType("N\(number)")], tags: ["all"])
      }
      for _ in 0..<3 {
        let tags = ["all", "t\(Int.random(in: 0..<31, using: &random))"]
        let rare = "u\(Int.random(in: 0..<997, using: &random))"
        items.append(EventQuery.Item(types: ["T1", "T4"], tags: (tags + [rare]).map { Tag($0) }))
      }
      let query = EventQuery(items.shuffled(using: &random))
      #expect(query.isLarge == isLarge)
      let after = Int.random(in: 0...events.count, using: &random)
      let expected = events[after...].firstIndex { query.matches(type: $0.type, tags: $0.tags) }
      let found = bench.planner.tail.firstMatch(Self.condition(query), after: UInt64(after))
      #expect(found == .first(expected.map { UInt64($0 + 1) }))
    }
  }

  @Test func whatTakesTooLongIsNotToldFromMemory() {
    var bench = PlannerBench()
    let events = (0..<4096).map { _ in NewEvent.named("T", tags: ["p0", "p1", "p2"]) }
    _ = bench.accept(AppendRequest(to: nil, events))
    let all = bench.planner.tail.firstMatch(Self.condition(.setsOfFour), after: 0)
    #expect(all == .tooLong)
    let near = bench.planner.tail.firstMatch(Self.condition(.setsOfFour), after: 4000)
    #expect(near == .noMatch)
    let request = AppendRequest(
      to: nil,
      [.named("T")],
      condition: AppendCondition(failIfMatches: .setsOfFour)
    )
    guard case .tooLong = bench.plan(request) else {
      Issue.record("it was judged from memory")
      return
    }
  }

  @Test func chainsForgetWhatLeft() {
    var random = SplitMix(seed: 11)
    var bench = PlannerBench(isCold: true)
    var events: [NewEvent] = []
    for round in 0..<40 {
      // Tags come twice now and then: the tail knows such an event once.
      let batch = (0..<4096).map { _ in
        let tag = Tag("t\(Int.random(in: 0..<5000, using: &random))")
        return NewEvent.named("T", tags: round % 2 == 0 ? [tag] : [tag, tag])
      }
      events += batch
      _ = bench.accept(AppendRequest(to: nil, batch))
      bench.planner.trim(published: bench.planner.head)
      let first = Int(bench.planner.tail.first)
      for _ in 0..<20 {
        let tag = Tag("t\(Int.random(in: 0..<5000, using: &random))")
        let after = Int.random(in: (first - 1)...events.count, using: &random)
        let expected = events[after...].firstIndex { $0.tags.contains(tag) }
        let found = bench.planner.tail.firstMatch(Self.condition(.tags(tag)), after: UInt64(after))
        #expect(found == .first(expected.map { UInt64($0 + 1) }))
      }
    }
    #expect(bench.planner.tail.count <= RecentTail.eventBound)
    #expect(bench.planner.tail.first > 1)
  }

  @Test func longTextsLeaveAtTheBoundOfBytes() {
    var bench = PlannerBench(isCold: true)
    let tags = (0..<255).map { Tag(String(repeating: "x", count: 252) + "\(100 + $0)") }
    for _ in 0..<200 {
      _ = bench.accept(AppendRequest(to: nil, [.named("X", tags: tags)]))
    }
    bench.planner.trim(published: bench.planner.head)
    // Each takes some 71 KB, and three lie in a chunk.
    #expect(bench.planner.tail.count < 120)
    #expect(bench.planner.tail.count > 60)
    let known = bench.planner.tail.firstMatch(Self.condition(.tags(tags[0], tags[254])), after: 150)
    #expect(known == .firstMatch(151))
  }

  @Test func idsOfTheTailAreFoundAndNoOthers() {
    var bench = PlannerBench(isCold: true)
    var ids: [EventID] = []
    for _ in 0..<30 {
      let batch = (0..<4096).map { _ in NewEvent.named("X", id: .make()) }
      ids += batch.compactMap(\.id)
      _ = bench.accept(AppendRequest(to: "s", batch))
      bench.planner.trim(published: bench.planner.head)
    }
    let first = Int(bench.planner.tail.first)
    for (index, id) in ids.enumerated() {
      let position = bench.planner.tail.position(of: id)
      #expect(position == (index + 1 >= first ? UInt64(index + 1) : nil))
    }
    let last = bench.planner.tail.known(ids[ids.count - 1])
    #expect(last?.stream == NameKey("s"))
    #expect(last?.revision == UInt64(ids.count - 1))
    #expect(last?.type == "X")
  }

  private static func condition(_ query: EventQuery) -> PreparedCondition {
    PreparedCondition(
      AppendCondition(failIfMatches: query),
      hashing: { TextHash($0, as: $1) }
    )
  }

  @Test func whatWasPublishedLeavesAtTheBound() {
    var bench = PlannerBench(isCold: true)
    let first = NewEvent.named("First", id: .make(), tags: ["once"])
    _ = bench.accept(AppendRequest(to: nil, [first]))
    for _ in 0..<16 {
      _ = bench.accept(AppendRequest(to: nil, (0..<4096).map { _ in .named("X") }))
    }
    bench.planner.trim(published: 0)
    #expect(bench.planner.tail.count == 65_537)
    bench.planner.trim(published: 10)
    #expect(bench.planner.tail.count == 65_536)
    #expect(bench.planner.tail.first == 2)
    #expect(bench.planner.tail.position(of: first.id ?? .none) == nil)
    #expect(bench.planner.tail.covers(after: 1))
    #expect(!bench.planner.tail.covers(after: 0))
  }
}

extension RecentTail.Answer {
  /// What the tail says where this is the first match.
  static func first(_ position: UInt64?) -> Self { position.map { .firstMatch($0) } ?? .noMatch }
}

/// A small generator that repeats its numbers for a seed.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
