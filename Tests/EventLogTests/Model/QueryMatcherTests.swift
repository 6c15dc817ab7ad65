import EventLogCore
import Testing

@Suite struct QueryMatcherTests {
  private static let types = ["A", "B", "C", "a", "caf\u{E9}", "cafe\u{301}", "Longer than a word"]
  private static let tags = ["x", "y", "z", "xy", "X", "caf\u{E9}", "cafe\u{301}", "s:1", "s:2"]

  private static func recorded(_ type: String, _ tags: [String]) throws -> RecordedEvent {
    try RecordedEvent(
      envelope: EnvelopeTests.encoded(NewEvent(type: EventType(type), tags: tags.map { Tag($0) }))
    )
  }

  private static func some(
    _ texts: [String],
    upTo bound: Int,
    _ random: inout SplitMix
  ) -> [String] {
    (0..<Int.random(in: 0...bound, using: &random)).map { _ in
      texts[Int.random(in: texts.indices, using: &random)]
    }
  }

  private static func query(of items: Int, _ random: inout SplitMix) -> EventQuery {
    EventQuery(
      (0..<items).map { number in
        // Texts that no event has, so that not everything matches.
        let strange = Int.random(in: 0..<4, using: &random)
        let types = some(Self.types, upTo: 3, &random) + (strange == 1 ? ["N\(number)"] : [])
        let tags = some(Self.tags, upTo: 3, &random) + (strange > 1 ? ["n\(number % 5)"] : [])
        return EventQuery.Item(
          types: types.map { EventType($0) },
          tags: tags.map { Tag($0) }
        )
      }
    )
  }

  /// Few texts are compared and many are looked up; both must say what law L10 says.
  @Test func everyFormAgreesWithTheLaw() throws {
    var random = SplitMix(seed: 41)
    let events = try (0..<150).map { _ in
      let type = Self.types[Int.random(in: Self.types.indices, using: &random)]
      return try Self.recorded(type, Self.some(Self.tags, upTo: 5, &random))
    }
    for round in 0..<240 {
      let query = Self.query(of: [0, 1, 2, 3, 6, 12, 40, 150][round % 8], &random)
      var matcher = QueryMatcher(query)
      #expect(matcher.matchesEverything == query.matchesEverything)
      var copy = matcher
      let expected = events.map { $0.matches(query) }
      let found = events.map { matcher.matches($0) }
      #expect(found == expected, "\(query)")
      // What was asked before leaves nothing behind, in copies neither.
      let backward = events.reversed().map { copy.matches($0) }
      #expect(backward == expected.reversed(), "\(query)")
      let again = events.map { matcher.matches($0) }
      #expect(again == expected, "\(query)")
    }
  }

  @Test func textsOfOneLengthAreToldApart() throws {
    let items = (0..<256).map { item in
      EventQuery.Item(types: (0..<64).map { EventType("\(10_000 + item * 64 + $0)") })
    }
    var matcher = QueryMatcher(EventQuery(items))
    let numbers = [10_000, 10_001, 17_777, 26_383, 9999, 26_384, 99_999]
    let events = try numbers.map { try Self.recorded("\($0)", ["x", "10000"]) }
    let found = events.map { matcher.matches($0) }
    #expect(found == numbers.map { (10_000..<26_384).contains($0) })
    #expect(matcher.extra == 0)
  }

  @Test func alternativesOfOneTagCostNothingMore() throws {
    let items = (0..<2048).map { item in
      EventQuery.Item(types: [EventType("N\(item)"), EventType("M\(item)")], tags: ["popular"])
    }
    var matcher = QueryMatcher(EventQuery(items))
    let event = try Self.recorded("T", ["other", "popular"])
    let matches = (0..<1000).count { _ in matcher.matches(event) }
    #expect(matches == 0 && matcher.extra == 0)
    let others = try [["popular"], ["other"]].map { try Self.recorded("M2047", $0) }
    let found = others.map { matcher.matches($0) }
    #expect(found == [true, false])
  }

  /// Tags that each of many alternatives have cannot tell them apart: that work is counted.
  @Test func whatIsComparedAllTheSameIsCounted() throws {
    var matcher = QueryMatcher(.setsOfFour)
    let three = try Self.recorded("T", ["p0", "p1", "p2"])
    let four = try Self.recorded("T", ["p0", "p1", "p2", "p15"])
    let isThree = matcher.matches(three)
    #expect(!isThree)
    #expect((10..<100).contains(matcher.extra))
    let isFour = matcher.matches(four)
    #expect(isFour)
  }
}
