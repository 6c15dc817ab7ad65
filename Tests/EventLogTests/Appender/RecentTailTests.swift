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
      #expect(
        bench.planner.tail.firstMatch(condition, after: UInt64(after))
          == expected.map { UInt64($0 + 1) }
      )
    }
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
