internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L28, L51: events are read at any positions as in a full read, in either order, and no more of
  /// them than a page holds.
  public static func L51_eventsAreReadAtPositions(_ fixture: EventLogFixture) async throws {
    var random = SeededRandom.announced("L51")
    try await fixture.withLog { log in
      try await RandomLog.fill(log.engine, events: 600, using: &random)
      try await RandomLog.removeSome(log.engine, using: &random)
      // What was written last may be read from memory; here the store is meant.
      if fixture.isPersistent { try await log.reopen() }
      let engine = log.engine
      let all = try await engine.wholeLog(includeRemoved: true)
      #expect(all.contains { $0.isRemoved } && all.contains { !$0.isRemoved })
      for round in 0..<fixture.rounds(40) {
        // From scattered ones to all of them.
        let gap = [1, 2, 7, 60][round % 4]
        let chosen = all.filter { _ in random.below(gap) == 0 }
        let wanted = random.flip() ? chosen : chosen.reversed()
        guard !wanted.isEmpty else { continue }
        let found = try await engine.events(at: wanted.map(\.position))
        #expect(found == wanted, "seed \(random.seed), one of \(gap)")
      }
      let head = try await engine.head()
      let beyond = [head, head.next, GlobalPosition(head.number + 1000)]
      #expect(try await engine.events(at: beyond).map(\.position) == [head])
      #expect(try await engine.events(at: beyond.reversed()).map(\.position) == [head])
      #expect(try await engine.events(at: [head.next]).isEmpty)
      let two = GlobalPosition(2)
      for refused in [
        [], [.start], [.start, two], [two, two], [head, two, head], [two, head, two],
        (1...4097).map { GlobalPosition($0) },
      ] {
        await expectInvalid { () throws(EventLogError) in try await engine.events(at: refused) }
      }
      #expect(
        try await engine.events(at: (1...4096).map { GlobalPosition($0) }) == all
      )
    }
  }

  /// L30: the places of a query leave no match out, in order, whatever pages they are cut into.
  public static func L30_placesLeaveNoMatchOut(_ fixture: EventLogFixture) async throws {
    var random = SeededRandom.announced("L30")
    try await fixture.withLog { log in
      try await RandomLog.fill(log.engine, events: 600, using: &random)
      try await RandomLog.removeSome(log.engine, using: &random)
      if fixture.isPersistent { try await log.reopen() }
      let engine = log.engine
      let all = try await engine.wholeLog(includeRemoved: true)
      let tags = Set(all.flatMap(\.tags)).sorted { $0.text < $1.text }
      #expect(!tags.isEmpty)
      for round in 0..<fixture.rounds(60) {
        let one = round % 3 == 0 ? tags[random.below(tags.count)] : nil
        let query = one.map { .tags($0) } ?? RandomLog.query(using: &random)
        let size = [1, 7, 64, 4096][random.below(4)]
        let comment: Comment = "seed \(random.seed), size \(size), \(query)"
        let direction: Direction = random.flip() ? .forward : .backward
        let matching = all.filter { RandomLog.matches($0, query) }.map(\.position)
        let places = try await Self.places(of: query, in: engine, direction, size)
        let ascending = direction == .forward ? places : places.reversed()
        #expect(zip(ascending, ascending.dropFirst()).allSatisfy { $0 < $1 }, comment)
        #expect(Set(ascending).isSuperset(of: matching), comment)
        // A single tag has a list of its own: it names no place too many.
        if one != nil || query == .all { #expect(ascending == matching, comment) }
      }
    }
  }

  /// All places of a query, page by page.
  private static func places(
    of query: EventQuery,
    in engine: any EventLogEngine,
    _ direction: Direction,
    _ limit: Int
  ) async throws -> [GlobalPosition] {
    var places: [GlobalPosition] = []
    var after: GlobalPosition?
    while true {
      let page = try await engine.places(
        after: after,
        matching: query,
        direction: direction,
        limit: limit
      )
      #expect(page.positions.count <= limit)
      places += page.positions
      if page.isEnd { return places }
      guard page.scannedTo != after else {
        Issue.record("a page that is not the last did not move: \(page.scannedTo)")
        return places
      }
      after = page.scannedTo
    }
  }

  /// L28: events at positions end at a page's bytes, too, and hold one at least.
  public static func L28_placesAreBounded(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let large = [UInt8](repeating: 7, count: EventLogLimits.dataBytes)
      for number in 0..<6 {
        let event = NewEvent(type: "Large", data: large)
        _ = try await engine.append(AppendRequest(to: StreamName("s\(number)"), [event]))
      }
      let places = (1...6).map { GlobalPosition($0) }
      let fitting = EventLogLimits.pageBytes / EventLogLimits.dataBytes
      let found = try await engine.events(at: places)
      #expect(!found.isEmpty && found.count <= fitting && found.count < 6)
      #expect(found.map(\.position) == Array(places.prefix(found.count)))
      let backward = try await engine.events(at: places.reversed())
      #expect(backward.map(\.position) == Array(places.reversed().prefix(found.count)))
    }
  }
}
