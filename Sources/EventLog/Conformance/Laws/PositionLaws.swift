internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L22: positions 1…head without a hole, seen so by a reader beside n writers.
  public static func L22_positionsHaveNoHoles(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let total = 16 * 30 * 2
      async let seen = tail(engine, count: total)
      _ = try await race(16) { writer in
        for _ in 0..<30 { try await engine.write(2, to: StreamName("w\(writer % 5)")) }
      }
      let events = try await seen
      #expect(events.map(\.position.number) == Array(1...UInt64(total)))
      for (stream, events) in Dictionary(grouping: events, by: \.stream) {
        let revisions = events.map { $0.revision?.number }
        let expected = (0..<events.count).map { UInt64($0) }
        #expect(revisions == expected, "\(String(describing: stream))")
      }
      #expect(try await engine.wholeLog() == events)
    }
  }

  /// Follows the log until `count` events were seen.
  private static func tail(
    _ engine: any EventLogEngine,
    count: Int
  ) async throws -> [RecordedEvent] {
    var events: [RecordedEvent] = []
    var head = GlobalPosition.start
    while events.count < count {
      let after = events.last?.position ?? .start
      let woken = try await engine.head(beyond: after)
      #expect(woken > after)
      let page = try await engine.readAll(after: after, limit: 64)
      // What woke the reader is readable, and nothing read lies past the head.
      #expect(page.head >= woken)
      #expect(page.head >= head, "the head went back")
      #expect(page.events.allSatisfy { $0.position <= page.head })
      #expect(page.events.first?.position == after.next)
      head = page.head
      events.append(contentsOf: page.events)
    }
    return events
  }

  /// L23: nothing is read, found or looked up past the published head.
  public static func L23_nothingPastTheHead(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let ids = (0..<fixture.rounds(400)).map { _ in EventID.make() }
      async let writing: Void = {
        for id in ids {
          _ = try await engine.append(
            AppendRequest(to: "s", [.sample(id: id, tags: ["x"])])
          )
        }
      }()
      var known = 0
      while known < ids.count {
        // What one way of reading shows, the head that is asked afterwards covers.
        let page = try await engine.readAll(
          after: nil,
          matching: .tags("x"),
          direction: .backward,
          limit: 1
        )
        let stream = try await engine.read("s", from: .max, direction: .backward, limit: 1)
        let found = try await engine.position(of: ids[known])
        let head = try await engine.head()
        #expect(page.head <= head)
        for position in [
          page.events.first?.position, stream.events.first?.position, found,
        ] {
          #expect(position ?? .start <= head)
        }
        if let position = found {
          #expect(position == GlobalPosition(UInt64(known + 1)))
          known += 1
        } else {
          await Task.yield()
        }
      }
      try await writing
    }
  }

  /// L24: the head never goes back, and an answered append is visible at once.
  public static func L24_answeredIsVisible(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      _ = try await race(8) { writer in
        for round in 0..<fixture.rounds(25) {
          let stream = StreamName("w\(writer)")
          let event = NewEvent.sample(tags: [Tag("w\(writer)")])
          let receipt = try await engine.append(AppendRequest(to: stream, [event]))
          let position = receipt.lastPosition
          #expect(try await engine.head() >= position)
          let last = try await engine.read(stream, from: .max, direction: .backward, limit: 1)
          #expect(last.events.first?.position == position)
          #expect(last.events.first?.revision == StreamRevision(UInt64(round)))
          let at = try await engine.readAll(after: GlobalPosition(position.number - 1), limit: 1)
          #expect(at.events.first?.asNew == event)
          let id = try #require(event.id)
          #expect(try await engine.position(of: id) == position)
          let tagged = try await engine.readAll(
            after: nil,
            matching: .tags(Tag("w\(writer)")),
            direction: .backward,
            limit: 1
          )
          #expect(tagged.events.first?.position == position)
        }
      }
      // `head(beyond:)` waits, is level-triggered, and ends by cancellation.
      let head = try await engine.head()
      #expect(try await engine.head(beyond: GlobalPosition(head.number - 1)) == head)
      async let woken = race(20) { _ in try await engine.head(beyond: head) }
      try await engine.write(1, to: "wake")
      #expect(try await woken.allSatisfy { $0 == head.next })
      let waiting = Task { () throws(EventLogError) in try await engine.head(beyond: .max) }
      waiting.cancel()
      let result = await waiting.result
      #expect(throws: EventLogError.cancelled) { try result.get() }
    }
  }

  /// L25: `recordedAt` never decreases with the position.
  public static func L25_timeNeverGoesBack(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let before = Timestamp.now
      let engine = log.engine
      _ = try await race(8) { writer in
        for _ in 0..<20 { try await engine.write(3, to: StreamName("w\(writer)")) }
      }
      if fixture.isPersistent { try await log.reopen() }
      try await log.engine.write(1, to: "last")
      let times = try await log.engine.wholeLog().map(\.recordedAt)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
      let first = try #require(times.first)
      let last = try #require(times.last)
      #expect(first >= before.advanced(by: .seconds(-1)))
      #expect(last <= Timestamp.now.advanced(by: .seconds(1)))
    }
    // A clock that jumps back is clamped, also over a reopening.
    let readings = SharedRecord<Timestamp>()
    try await fixture.withLog(clock: { readings.all.last ?? .now }) { log in
      for time: Int64 in [1_000_000, 2_000_000, 500_000, 1_999_999, 3_000_000, -5] {
        readings.append(Timestamp(microseconds: time))
        try await log.engine.write(1, to: "s")
        if fixture.isPersistent { try await log.reopen() }
      }
      let times = try await log.engine.wholeLog().map(\.recordedAt.microseconds)
      #expect(times == [1_000_000, 2_000_000, 2_000_000, 2_000_000, 3_000_000, 3_000_000])
    }
  }
}
