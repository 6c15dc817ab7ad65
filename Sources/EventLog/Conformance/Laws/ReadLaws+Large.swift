internal import EventLogCore
internal import Testing

// Queries of many types and tags. What an event costs does not grow with them, or a page of them
// would keep a thread for minutes.
extension EventLogLaws {
  /// L29: a page of a large query looks as far as that of a small one, whatever its texts look like.
  public static func L29_largeQueriesLookAsFar(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let events = (0..<8192).map { index in
        NewEvent(type: index % 512 == 17 ? "Wanted00" : "Common00", tags: ["common"])
      }
      _ = try await log.engine.append(AppendRequest(to: "s", events))
      // What was written last may be read from memory; here the store is meant.
      if fixture.isPersistent { try await log.reopen() }
      let engine = log.engine
      let wanted = try await engine.wholeLog().filter { $0.type == "Wanted00" }
      #expect(wanted.count == 16)
      let strange = (0..<128).map { item in
        // As long as the types that there are.
        (0..<EventLogLimits.queryTypes).map { EventType("T\(1_000_000 + item * 64 + $0)") }
      }
      let types = strange.map { EventQuery.Item(types: $0) }
      let tagged = strange.map { EventQuery.Item(types: $0, tags: ["common"]) }
      let queries: [(EventQuery, [RecordedEvent])] = [
        (EventQuery(types), []),
        (EventQuery(types + [EventQuery.Item(types: ["Wanted00"])]), wanted),
        (EventQuery(tagged + [EventQuery.Item(types: ["Wanted00"], tags: ["common"])]), wanted),
      ]
      for (number, (query, expected)) in queries.enumerated() {
        for direction in [Direction.forward, .backward] {
          var found: [RecordedEvent] = []
          var pages = 0
          var after: GlobalPosition?
          while true {
            let page = try await engine.readAll(
              after: after,
              matching: query,
              direction: direction,
              limit: 10
            )
            pages += 1
            found += page.events
            guard !page.isEnd else { break }
            #expect(page.scannedTo != after, "query \(number), \(direction)")
            after = page.scannedTo
            try #require(pages < 100, "query \(number), \(direction): the pages do not end")
          }
          let all = direction == .forward ? expected : expected.reversed()
          #expect(found == all, "query \(number), \(direction)")
          #expect(pages <= 8, "query \(number), \(direction)")
        }
      }
    }
  }

  /// L30: pages of a large query laid end to end equal the full read passed through L10.
  public static func L30_largeQueriesEqualAFullRead(_ fixture: EventLogFixture) async throws {
    var random = SeededRandom.announced("L30")
    try await fixture.withLog { log in
      try await RandomLog.fill(log.engine, events: 300, using: &random)
      try await RandomLog.removeSome(log.engine, using: &random)
      if fixture.isPersistent { try await log.reopen() }
      let engine = log.engine
      let all = try await engine.wholeLog()
      for _ in 0..<fixture.rounds(5) {
        let query = RandomLog.largeQuery(using: &random)
        #expect(query.isLarge)
        let expected = all.filter { RandomLog.matches($0, query) }
        let size = [7, 64, 4096][random.below(3)]
        let comment: Comment = "seed \(random.seed), size \(size), \(query)"
        let forward = try await engine.wholeLog(matching: query, limit: size)
        #expect(forward == expected, comment)
        let backward = try await engine.wholeLog(
          matching: query,
          direction: .backward,
          limit: size
        )
        #expect(backward == expected.reversed(), comment)
      }
    }
  }

  /// L9, L10: a large condition fails where a small one would, in memory and in the store.
  public static func L10_alternativesMayBeMany(_ fixture: EventLogFixture) async throws {
    var random = SeededRandom.announced("L10")
    try await fixture.withLog { log in
      try await RandomLog.fill(log.engine, events: 300, using: &random)
      let all = try await log.engine.wholeLog()
      for isReopened in fixture.isPersistent ? [false, true] : [false] {
        if isReopened { try await log.reopen() }
        let engine = log.engine
        for round in 0..<fixture.rounds(8) {
          let query = RandomLog.largeQuery(using: &random)
          let after = round == 0 ? 0 : UInt64(random.below(all.count + 1))
          let first = all.first { $0.position.number > after && RandomLog.matches($0, query) }
          let condition = AppendCondition(failIfMatches: query, after: GlobalPosition(after))
          let error = await refusal { () throws(EventLogError) in
            try await engine.append(
              AppendRequest(to: nil, [.sample("Probe")], condition: condition)
            )
          }
          let expected = first.map { EventLogError.conditionFailed(firstMatch: $0.position) }
          #expect(error == expected, "seed \(random.seed), after \(after), \(query)")
        }
      }
    }
  }
}
