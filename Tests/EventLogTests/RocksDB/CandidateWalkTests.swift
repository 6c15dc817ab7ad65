import EventLogCore
import Testing

@testable import EventLogRocksDB

/// What a filtered read looks at tells whether lists led it or the events were walked.
@Suite struct CandidateWalkTests {
  /// The places that a read over events of these types looks at; nil if it walks them all.
  ///
  /// Every event bears the tag `all`.
  private static func places(
    _ item: EventQuery.Item,
    in types: [EventType],
    _ direction: Direction = .forward
  ) async throws -> [UInt64]? {
    let folder = try TemporaryFolder()
    let log = try RocksDBEventLog.open(path: folder.path)
    let events = types.map { NewEvent(type: $0, tags: ["all"]) }
    _ = try await log.append(AppendRequest(to: nil, events))
    await log.close()
    let storage = try RocksDBOpening.open(path: folder.path, acceptsLoss: false).storage
    defer { storage.close() }
    let query = EventQuery([item])
    let reading = AllReading(
      after: nil,
      query: query,
      direction: direction,
      limit: EventLogLimits.pageEvents,
      includeRemoved: false
    )
    let bounds = PageBounds(reading, head: GlobalPosition(UInt64(types.count)))
    guard let postings = try QueryPostings(reading, bounds, in: storage) else { return nil }
    var walk = CandidateWalk(postings, bounds, isForward: direction == .forward)
    var places: [UInt64] = []
    var found = 0
    while case .candidate(let place) = try walk.next(found: found) {
      places.append(place)
      if query.matches(type: types[Int(place) - 1], tags: ["all"]) { found += 1 }
    }
    return places
  }

  /// 2,000 types: `type` where `isThere` holds for the position, otherwise another.
  private static func types(
    _ type: EventType,
    where isThere: (UInt64) -> Bool
  ) -> [EventType] {
    (1...UInt64(2000)).map { isThere($0) ? type : "Other" }
  }

  private static func positions(of type: EventType, in types: [EventType]) -> [UInt64] {
    types.indices.filter { types[$0] == type }.map { UInt64($0 + 1) }
  }

  @Test func aRareTypeIsLookedUp() async throws {
    let types = Self.types("Rare") { $0 % 400 == 7 }
    let item = EventQuery.Item(types: ["Rare", "Never"])
    let expected = Self.positions(of: "Rare", in: types)
    #expect(expected.count == 5)
    #expect(try await Self.places(item, in: types) == expected)
    #expect(try await Self.places(item, in: types, .backward) == expected.reversed())
  }

  @Test(arguments: [Direction.forward, .backward])
  func aFrequentTypeIsWalked(direction: Direction) async throws {
    let types = Self.types("Often") { $0 % 2 == 0 }
    let item = EventQuery.Item(types: ["Often"])
    var places = try #require(try await Self.places(item, in: types, direction))
    if direction == .backward { places.reverse() }
    // Each place once and in order, none missing.
    let isAscending = zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
    #expect(isAscending)
    #expect(Set(places).isSuperset(of: Self.positions(of: "Often", in: types)))
    // Half of what lies in stretches is of the other type: of 2,000 places most are walked.
    let others = places.filter { $0 % 2 == 1 }
    #expect(others.count > 500)
  }

  @Test(arguments: [Direction.forward, .backward])
  func whatIsSparseBehindABurstIsLookedUp(direction: Direction) async throws {
    let isInBurst = { (place: UInt64) in (900..<1050).contains(place) }
    let types = Self.types("Burst") { isInBurst($0) || $0 % 50 == 0 }
    let item = EventQuery.Item(types: ["Burst"])
    let places = try #require(try await Self.places(item, in: types, direction))
    #expect(Set(places).count == places.count)
    let expected = Set(Self.positions(of: "Burst", in: types))
    #expect(Set(places).isSuperset(of: expected))
    // A stretch that was in vain is no longer than the burst.
    #expect(places.count - expected.count <= 150)
  }

  @Test(arguments: [Direction.forward, .backward])
  func aRareTypeCarriesAFrequentTagAlong(direction: Direction) async throws {
    let types = Self.types("Rare") { $0 % 400 == 7 }
    let item = EventQuery.Item(types: ["Rare"], tags: ["all"])
    let places = try #require(try await Self.places(item, in: types, direction))
    let expected = Self.positions(of: "Rare", in: types)
    #expect(Set(places).isSuperset(of: expected))
    // One window of the tag alone, then both.
    #expect(places.count <= CandidateWalk.window + expected.count)
  }

  @Test func aFewEventsAreWalkedAtOnce() async throws {
    let types = Array(Self.types("Rare") { $0 % 9 == 0 }.prefix(20))
    #expect(try await Self.places(EventQuery.Item(types: ["Rare"]), in: types) == nil)
  }

  @Test func whatMatchesEverythingIsWalked() async throws {
    let types = Self.types("Rare") { $0 % 400 == 7 }
    #expect(try await Self.places(EventQuery.Item(), in: types) == nil)
  }
}
