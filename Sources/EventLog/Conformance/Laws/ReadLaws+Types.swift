internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L30: rare and frequent types, bursts of them and unknown ones are found as in a full read.
  public static func L30_typesAreFoundHoweverFrequent(
    _ fixture: EventLogFixture
  ) async throws {
    var random = SeededRandom.announced("L30")
    try await fixture.withLog { log in
      try await StretchedLog.fill(log.engine, using: &random)
      // What was written last may be read from memory; here the store is meant.
      if fixture.isPersistent { try await log.reopen() }
      let engine = log.engine
      let shown = try await engine.wholeLog()
      let recorded = try await engine.wholeLog(includeRemoved: true)
      #expect(shown.count < recorded.count)
      for round in 0..<fixture.rounds(60) {
        let query = StretchedLog.query(round, using: &random)
        let size = [7, 64, 100, 4096][random.below(4)]
        let includesRemoved = random.flip()
        let comment: Comment = "seed \(random.seed), size \(size), \(query), \(includesRemoved)"
        let expected = (includesRemoved ? recorded : shown)
          .filter { RandomLog.matches($0, query) }
        for direction in [Direction.forward, .backward] {
          let found = try await engine.wholeLog(
            matching: query,
            direction: direction,
            limit: size,
            includeRemoved: includesRemoved
          )
          #expect(found == (direction == .forward ? expected : expected.reversed()), comment)
        }
      }
    }
  }
}
