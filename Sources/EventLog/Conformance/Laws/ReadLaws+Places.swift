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
