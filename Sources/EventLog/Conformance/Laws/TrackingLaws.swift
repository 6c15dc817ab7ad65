internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L37: per source strictly increasing; the first may be 0.
  public static func L37_trackingOnlyGrows(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      func track(_ source: String, _ position: UInt64) async -> EventLogError? {
        let mark = Tracking(source: source, position: position)
        return await refusal { () throws(EventLogError) in
          try await log.engine.append(AppendRequest(to: "s", [.sample()], tracking: mark))
        }
      }
      #expect(try await log.engine.tracking(of: "a") == nil)
      #expect(await track("a", 0) == nil)
      #expect(try await log.engine.tracking(of: "a") == 0)
      func refused(_ stored: UInt64, _ given: UInt64) -> EventLogError {
        .trackingNotIncreasing(source: "a", stored: stored, given: given)
      }
      #expect(await track("a", 0) == refused(0, 0))
      #expect(await track("a", 7) == nil)
      #expect(await track("b", 3) == nil)
      if fixture.isPersistent { try await log.reopen() }
      let head = try await log.engine.head()
      #expect(await track("a", 7) == refused(7, 7))
      #expect(await track("a", 6) == refused(7, 6))
      #expect(try await log.engine.head() == head)
      #expect(await track("a", .max) == nil)
      #expect(await track("a", .max) == refused(.max, .max))
      #expect(try await log.engine.tracking(of: "a") == .max)
      #expect(try await log.engine.tracking(of: "b") == 3)
      // Of racing marks each is judged after those accepted before it.
      let engine = log.engine
      let errors = try await race(32) { _ in
        await refusal { () throws(EventLogError) in
          try await engine.append(
            AppendRequest(
              to: nil,
              [.sample()],
              tracking: Tracking(source: "raced", position: 1)
            )
          )
        }
      }
      #expect(errors.count { $0 == nil } == 1)
    }
  }

  /// L38: tracking is stored with the events, on each of them, and found after the answer.
  public static func L38_trackingGoesWithTheEvents(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      for position: UInt64 in 1...20 {
        let mark = Tracking(source: "origin", position: position)
        _ = try await log.engine.append(
          AppendRequest(
            [
              StreamAppend(to: "s", [.sample(), .sample()]),
              StreamAppend(to: nil, [.sample()]),
            ],
            tracking: mark
          )
        )
        #expect(try await log.engine.tracking(of: "origin") == position)
      }
      try await log.engine.write(1, to: "s")
      if fixture.isPersistent { try await log.reopen() }
      let marks = try await log.engine.wholeLog().map(\.tracking?.position)
      var expected: [UInt64?] = (0..<60).map { $0 / 3 + 1 }
      expected.append(nil)
      #expect(marks == expected)
      let sources = Set(try await log.engine.wholeStream("s").map(\.tracking?.source))
      #expect(sources == ["origin", nil])
    }
  }
}
