internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// Whether an append under a condition is accepted; it goes to no stream and matches nothing.
  private static func passes(
    _ query: EventQuery,
    after: UInt64?,
    in engine: any EventLogEngine
  ) async -> EventLogError? {
    let condition = AppendCondition(
      failIfMatches: query,
      after: after.map { GlobalPosition($0) }
    )
    return await refusal { () throws(EventLogError) in
      try await engine.append(
        AppendRequest(to: nil, [.sample("Probe")], condition: condition)
      )
    }
  }

  /// L9: `after` is exclusive; absent and 0 mean the whole log; the first match is named.
  public static func L09_afterIsExclusive(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(1, to: "s", tags: ["x"])
      try await engine.write(1, to: "s", tags: ["y"])
      try await engine.write(1, to: "s", tags: ["x"])
      let query = EventQuery.tags("x")
      func failed(_ position: UInt64) -> EventLogError {
        .conditionFailed(firstMatch: GlobalPosition(position))
      }
      #expect(await passes(query, after: nil, in: engine) == failed(1))
      #expect(await passes(query, after: 0, in: engine) == failed(1))
      #expect(await passes(query, after: 1, in: engine) == failed(3))
      #expect(await passes(query, after: 2, in: engine) == failed(3))
      #expect(await passes(query, after: 3, in: engine) == nil)
      #expect(await passes(.tags("never"), after: nil, in: engine) == nil)
    }
  }

  /// L10: items are OR, types are OR, tags are AND; in conditions and in reads alike.
  public static func L10_itemsTypesAndTags(_ fixture: EventLogFixture) async throws {
    var random = SeededRandom.announced("L10")
    try await fixture.withEngine { engine in
      try await RandomLog.fill(engine, events: 300, using: &random)
      let log = try await engine.wholeLog()
      for _ in 0..<fixture.rounds(150) {
        let query = RandomLog.query(using: &random)
        let after = UInt64(random.below(log.count + 10))
        let expected = log.filter { RandomLog.matches($0, query) }
        let first = expected.first { $0.position.number > after }
        let error = await passes(query, after: after, in: engine)
        let comment: Comment = "seed \(random.seed), after \(after), \(query)"
        if let first {
          #expect(error == .conditionFailed(firstMatch: first.position), comment)
        } else if let error {
          // Only probes that earlier rounds wrote may match beyond the random log.
          guard case .conditionFailed(let match) = error, match.number > UInt64(log.count) else {
            Issue.record("\(error), \(comment)")
            continue
          }
        }
        let read = try await engine.wholeLog(matching: query)
          .filter { $0.position.number <= UInt64(log.count) }
        #expect(read == expected, comment)
      }
    }
    try await fixture.withEngine { engine in
      let empty = EventQuery([EventQuery.Item()])
      #expect(await passes(.all, after: nil, in: engine) == nil)
      let failed = EventLogError.conditionFailed(firstMatch: GlobalPosition(1))
      #expect(await passes(.all, after: nil, in: engine) == failed)
      #expect(await passes(empty, after: 0, in: engine) == failed)
      #expect(await passes(.all, after: 1, in: engine) == nil)
    }
  }

  /// L11: types and tags compare byte for byte.
  public static func L11_bytesDecide(_ fixture: EventLogFixture) async throws {
    // The same text to a reader: precomposed, and a letter with a combining accent.
    let composed = "caf\u{E9}"
    let combined = "cafe\u{301}"
    try await fixture.withEngine { engine in
      let pairs = [(composed, combined), ("Tag", "tag"), ("a", "a "), ("ss", "\u{DF}")]
      for (index, (one, other)) in pairs.enumerated() {
        let before = try await engine.head().number
        try await engine.write(
          1,
          to: StreamName("p\(index)"),
          type: EventType(one),
          tags: [Tag(one)]
        )
        let position = GlobalPosition(before + 1)
        for query in [EventQuery.tags(Tag(other)), .types(EventType(other))] {
          #expect(try await engine.wholeLog(matching: query).isEmpty)
          #expect(await passes(query, after: before, in: engine) == nil)
        }
        for query in [EventQuery.tags(Tag(one)), .types(EventType(one))] {
          #expect(try await engine.wholeLog(matching: query).map(\.position) == [position])
          let error = await passes(query, after: before, in: engine)
          #expect(error == .conditionFailed(firstMatch: position))
        }
      }
      // Stream names and sources are names as well.
      try await engine.write(1, to: StreamName(composed), expecting: .noStream)
      try await engine.write(1, to: StreamName(combined), expecting: .noStream)
      for (source, position) in [(composed, 9), (combined, 1)] as [(String, UInt64)] {
        let mark = Tracking(source: source, position: position)
        _ = try await engine.append(AppendRequest(to: nil, [.sample()], tracking: mark))
        #expect(try await engine.tracking(of: source) == position)
      }
    }
  }

  /// L12: `after` at or beyond the head passes, up to the highest number.
  public static func L12_afterBeyondTheHeadPasses(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      #expect(await passes(.all, after: .max, in: engine) == nil)
      for after: UInt64 in [1 << 32, 1 << 63, .max - 1, .max] {
        #expect(await passes(.all, after: after, in: engine) == nil)
        #expect(await passes(.types("Probe"), after: after, in: engine) == nil)
      }
      let head = try await engine.head().number
      #expect(await passes(.all, after: head, in: engine) == nil)
      try await engine.write(1, to: nil, tags: ["x"])
      try await engine.write(5, to: nil)
      // Higher than the last match, and below the head.
      let below = try await engine.head().number - 2
      #expect(await passes(.tags("x"), after: below, in: engine) == nil)
    }
  }

  /// L13: no request matches itself; of racing requests with one condition one wins.
  public static func L13_oneWinnerPerCondition(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      for round in 0..<10 {
        let tag = Tag("slug:\(round)")
        let head = try await engine.head()
        let errors = try await race(32) { index in
          await refusal { () throws(EventLogError) in
            try await engine.append(
              AppendRequest(
                to: StreamName("post-\(round)-\(index)"),
                expecting: .noStream,
                [.sample("Claimed", tags: [tag]), .sample("Claimed", tags: [tag])],
                condition: AppendCondition(failIfMatches: .tags(tag), after: head)
              )
            )
          }
        }
        #expect(errors.count { $0 == nil } == 1)
        for case let error? in errors {
          #expect(error == .conditionFailed(firstMatch: head.next))
        }
      }
      // Condition and expected revision must both hold.
      try await engine.write(1, to: "both")
      let passing = AppendCondition(failIfMatches: .tags("never"))
      let error = await refusal { () throws(EventLogError) in
        try await engine.append(
          AppendRequest(to: "both", expecting: .noStream, [.sample()], condition: passing)
        )
      }
      guard case .conflict = error else {
        Issue.record("a condition that holds excuses no revision")
        return
      }
    }
  }

  /// L14: a removed event still counts in conditions.
  public static func L14_removedEventsStillCount(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      try await log.engine.write(1, to: "a", type: "Claimed", tags: ["slug:a"])
      try await log.engine.write(1, to: "b", type: "Claimed", tags: ["slug:b"])
      _ = try await log.engine.append(.truncating("a", before: StreamRevision(1)))
      _ = try await log.engine.append(.tombstoning("b"))
      func check() async {
        for (tag, position) in [("slug:a", 1), ("slug:b", 2)] as [(Tag, UInt64)] {
          let error = await passes(.tags(tag), after: nil, in: log.engine)
          #expect(error == .conditionFailed(firstMatch: GlobalPosition(position)))
        }
        let query = EventQuery.types("Claimed")
        let error = await passes(query, after: 1, in: log.engine)
        #expect(error == .conditionFailed(firstMatch: GlobalPosition(2)))
      }
      await check()
      guard fixture.isPersistent else { return }
      try await log.reopen()
      await check()
    }
  }
}
