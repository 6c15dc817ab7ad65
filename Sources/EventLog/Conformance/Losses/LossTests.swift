internal import EventLogCore
internal import Testing

/// Losses that were seen in other stores, as tests; most are impossible here by construction.
///
/// - Source: the specification of the event log, section 3, which names where each was seen.
public enum EventLogLosses {
  /// A position taken before its commit, a later one read first: the reader's checkpoint passes
  /// an event that was not there yet, and its lag shows 0.
  public static func higherPositionVisibleFirst(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let total = 8 * 40 * 3
      async let seen = Self.checkpoints(engine, total: total)
      _ = try await race(8) { writer in
        for round in 0..<40 {
          // Requests of unequal weight overtake each other on the way to the appender.
          let data = [UInt8](repeating: 1, count: round % 4 == writer % 4 ? 20_000 : 1)
          let events = (0..<3).map { _ in NewEvent.sample(data: data) }
          _ = try await engine.append(AppendRequest(to: StreamName("w\(writer)"), events))
        }
      }
      #expect(try await seen == Array(1...UInt64(total)))
    }
  }

  /// A lag of zero while events are missing: when the head says that nothing is left, a consumer
  /// has really had everything.
  public static func zeroLagWhileEventsMissing(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      async let writing: Void = {
        for index in 0..<200 { try await engine.write(index % 3 + 1, to: "s") }
      }()
      var seen = 0
      var page = try await engine.readAll(after: nil, limit: 50)
      while seen < 398 {
        seen += page.events.count
        if page.isEnd { #expect(UInt64(seen) == page.head.number) }
        page = try await engine.readAll(after: page.scannedTo, limit: 50)
      }
      try await writing
    }
  }

  private static func checkpoints(
    _ engine: any EventLogEngine,
    total: Int
  ) async throws -> [UInt64] {
    var positions: [UInt64] = []
    var subscription = EventStore(engine).subscribe(from: .beginning).makeAsyncIterator()
    while positions.count < total, let message = try await subscription.next() {
      if case .events(let page) = message {
        positions.append(contentsOf: page.events.map(\.position.number))
      }
      #expect(message.position.number == positions.last ?? 0, "the checkpoint passed an event")
    }
    return positions
  }

  /// Bulk appends that leave out what conditions rely on.
  public static func bulkPathChecksCondition(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      var bulk = (0..<5000).map { index in NewEvent.sample(tags: [Tag("n:\(index)")]) }
      _ = try await engine.append(AppendRequest(to: "bulk", bulk))
      for index in [0, 2500, 4999] {
        let condition = AppendCondition(failIfMatches: .tags(Tag("n:\(index)")))
        bulk = (0..<5000).map { _ in NewEvent.sample() }
        let error = await refusal { () throws(EventLogError) in
          try await engine.append(AppendRequest(to: "more", bulk, condition: condition))
        }
        let match = GlobalPosition(UInt64(index + 1))
        #expect(error == .conditionFailed(firstMatch: match))
      }
      #expect(try await engine.head() == GlobalPosition(5000))
    }
  }

  /// The wake-up is the only trigger, and it gets lost while nothing else happens.
  public static func notifyLostWhenIdle(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      var faults = FaultyEngine.Faults()
      faults.losesWakeUps = true
      var settings = SubscriptionSettings()
      settings.pollInterval = .milliseconds(30)
      var subscription = EventStore(FaultyEngine(engine, faults))
        .subscribe(from: .beginning, settings: settings).makeAsyncIterator()
      guard case .caughtUp = try await subscription.next() else {
        Issue.record("an empty log is caught up with at once")
        return
      }
      // The last event before the silence, with nothing after it.
      try await engine.write(1, to: "s")
      guard case .events(let page) = try await subscription.next() else {
        Issue.record("the last event did not arrive")
        return
      }
      #expect(page.events.count == 1)
    }
  }

  /// A reader that faults, stays down, or comes back with events missing.
  public static func readerRestartsItself(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(30, to: "s")
      var faults = FaultyEngine.Faults()
      faults.hangingReads = 1
      faults.failingReads = 1
      var settings = SubscriptionSettings()
      settings.stallLimit = .milliseconds(30)
      settings.pageLimit = 7
      let store = EventStore(FaultyEngine(engine, faults))
      var positions: [UInt64] = []
      var failures = 0
      while positions.count < 30 {
        // A failed read ends the subscription loudly; its consumer begins again where it stands.
        let start = GlobalPosition(positions.last ?? 0)
        var subscription = store.subscribe(from: .after(start), settings: settings)
          .makeAsyncIterator()
        do throws(EventLogError) {
          while positions.count < 30, let message = try await subscription.next() {
            guard case .events(let page) = message else { continue }
            positions.append(contentsOf: page.events.map(\.position.number))
          }
        } catch {
          failures += 1
          guard case .unavailable = error else { throw error }
        }
      }
      #expect(positions == Array(1...30))
      #expect(failures == 1)
    }
  }

  /// A checkpoint that lies in removed data: the consumer goes on behind it.
  public static func checkpointBehindRemoved(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(20, to: "s")
      try await engine.write(5, to: "t")
      _ = try await engine.append(.truncating("s", before: StreamRevision(18)))
      let store = EventStore(engine)
      for start: UInt64 in [0, 5, 17, 18] {
        let checkpoint = store.checkpoint(at: GlobalPosition(start))
        var subscription = store.subscribe(from: .checkpoint(checkpoint)).makeAsyncIterator()
        var positions: [UInt64] = []
        reading: while let message = try await subscription.next() {
          switch message {
          case .events(let page): positions.append(contentsOf: page.events.map(\.position.number))
          case .caughtUp(let position):
            #expect(position == GlobalPosition(26))
            break reading
          case .fellBehind, .checkpoint: break
          }
        }
        #expect(positions == Array(max(start + 1, 19)...26))
      }
    }
  }

  /// Nothing moves, and nobody says so.
  public static func stalledConsumerIsLoud(_ fixture: EventLogFixture) async throws {
    try await EventLogLaws.L35_stallsAreLoud(fixture)
  }

  /// An id is written twice because nothing is expected of its stream.
  public static func sameIdWithAny(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let event = NewEvent.sample()
      for _ in 0..<3 {
        _ = try await engine.append(AppendRequest(to: "s", expecting: .any, [event]))
        try await engine.write(1, to: "s")
      }
      let id = try #require(event.id)
      let copies = try await engine.wholeLog().count { $0.id == id }
      #expect(copies == 1)
    }
  }

  /// An id is written twice because the expected revision fits.
  public static func sameIdAtRightRevision(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let event = NewEvent.sample()
      let first = try await engine.append(AppendRequest(to: "s", expecting: .noStream, [event]))
      for revision: UInt64 in 0..<3 {
        let expected = ExpectedRevision.exactly(StreamRevision(revision))
        let again = try await engine.append(
          AppendRequest(to: "s", expecting: expected, [event])
        )
        #expect(again == AppendReceipt(parts: first.parts, isRepeat: true))
        try await engine.write(1, to: "s", expecting: expected)
      }
      #expect(try await engine.wholeStream("s").count == 4)
    }
  }

  /// An id is written twice because only the last stream that bore it is remembered.
  public static func sameIdInTwoStreams(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let event = NewEvent.sample()
      let id = try #require(event.id)
      _ = try await engine.append(AppendRequest(to: "a", [event]))
      let error = await refusal { () throws(EventLogError) in
        try await engine.append(AppendRequest(to: "b", [event]))
      }
      #expect(error == .idConflict(id, GlobalPosition(1)))
      #expect(try await engine.append(AppendRequest(to: "a", [event])).isRepeat)
      #expect(try await engine.head() == GlobalPosition(1))
    }
  }

  /// Removed events show up for ever, late, or on one reader only.
  public static func removedVisibleInAll(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      for round in 0..<20 {
        let stream = StreamName("s\(round)")
        let tag = Tag("t\(round)")
        try await engine.write(3, to: stream, tags: [tag])
        _ = try await engine.append(.tombstoning(stream))
        // At once, by every way there is.
        let reads = try await race(4) { index in
          switch index {
          case 0: try await engine.wholeLog(matching: .tags(tag))
          case 1: try await engine.wholeLog(matching: .tags(tag), direction: .backward)
          case 2: try await engine.wholeLog().filter { $0.stream == stream }
          default: try await engine.wholeLog(direction: .backward).filter { $0.stream == stream }
          }
        }
        #expect(reads.allSatisfy { $0.isEmpty })
      }
    }
  }

  /// The caller cannot learn whether an append whose answer was lost took place.
  public static func retryAfterUnknownOutcome(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      var faults = FaultyEngine.Faults()
      faults.lostAnswers = 1
      let faulty = FaultyEngine(engine, faults)
      let request = AppendRequest(to: "s", expecting: .noStream, [.sample(), .sample()])
      let error = await refusal { () throws(EventLogError) in try await faulty.append(request) }
      guard case .outcomeUnknown = error else {
        Issue.record("the answer was to be lost")
        return
      }
      let receipt = try await faulty.append(request)
      #expect(receipt.isRepeat && receipt.positions == [1, 2])
      #expect(try await engine.head() == GlobalPosition(2))
    }
  }

  /// A retry that comes after retention has removed what it repeats.
  public static func lateRetryAfterRetention(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let request = AppendRequest(
        to: "s",
        expecting: .noStream,
        [.sample(tags: ["slug:a"]), .sample()]
      )
      let first = try await log.engine.append(request)
      _ = try await log.engine.append(.truncating("s", before: StreamRevision(2)))
      for _ in 0..<2 {
        let again = try await log.engine.append(request)
        #expect(again == AppendReceipt(parts: first.parts, isRepeat: true))
        if fixture.isPersistent { try await log.reopen() }
      }
      #expect(try await log.engine.head() == GlobalPosition(3))
    }
  }

  /// `after` = 2^64−1 wraps to 0 and fails, or reads from the beginning.
  public static func conditionAfterMaximum(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(3, to: "s", tags: ["x"])
      for query in [EventQuery.all, .tags("x"), .types("Happened")] {
        let condition = AppendCondition(failIfMatches: query, after: .max)
        _ = try await engine.append(AppendRequest(to: "s", [.sample()], condition: condition))
        let page = try await engine.readAll(after: .max, matching: query)
        #expect(page.events.isEmpty && page.isEnd)
      }
    }
  }

  /// A partial page claims everything up to a mark; a gap right behind the start is not seen.
  public static func pageCeilingOverGap(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      for stream: StreamName in ["a", "b", "a", "c", "a", "b"] {
        try await engine.write(3, to: stream)
      }
      _ = try await engine.append(.tombstoning("a"))
      let kept = try await engine.wholeLog().map(\.position.number)
      #expect(kept == [4, 5, 6, 10, 11, 12, 16, 17, 18, 19])
      for limit in 1...11 {
        var after: GlobalPosition?
        var positions: [UInt64] = []
        while true {
          let page = try await engine.readAll(after: after, limit: limit)
          positions.append(contentsOf: page.events.map(\.position.number))
          #expect(page.scannedTo >= page.events.last?.position ?? .start)
          // Nothing that is kept lies between the last event and where the page says it looked.
          let skipped = kept.filter {
            $0 > page.events.last?.position.number ?? after?.number ?? 0
              && $0 <= page.scannedTo.number
          }
          #expect(skipped.isEmpty)
          if page.isEnd { break }
          after = page.scannedTo
        }
        #expect(positions == kept)
      }
    }
  }

  /// Removed events directly behind the start of a read.
  public static func leadingGapProbed(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(5000, to: "gone")
      try await engine.write(2, to: "kept")
      _ = try await engine.append(.tombstoning("gone"))
      for limit in [1, 100] {
        #expect(
          try await engine.wholeLog(limit: limit).map(\.position.number) == [5001, 5002, 5003]
        )
      }
      let tail = try await engine.readAll(
        after: GlobalPosition(5000),
        direction: .backward,
        limit: 10
      )
      #expect(tail.events.isEmpty)
    }
  }

  /// Backward reads by tag or type that skip keys at the edges of their range.
  public static func seekForPrevMisses(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      // Neighbours in byte order on both sides of the one that is read.
      for tag: Tag in ["l", "m", "n", "m", "l", "n", "m"] {
        try await log.engine.write(1, to: "s", type: EventType(tag.text), tags: [tag])
      }
      if fixture.isPersistent { try await log.reopen() }
      for query in [EventQuery.tags("m"), .types("m")] {
        for limit in [1, 2, 3, 4] {
          let read = try await log.engine.wholeLog(
            matching: query,
            direction: .backward,
            limit: limit
          )
          #expect(read.map(\.position.number) == [7, 4, 2])
        }
        for (after, expected) in [(8, 7), (7, 4), (5, 4), (4, 2), (3, 2)] as [(UInt64, UInt64)] {
          let page = try await log.engine.readAll(
            after: GlobalPosition(after),
            matching: query,
            direction: .backward,
            limit: 1
          )
          #expect(page.events.first?.position == GlobalPosition(expected))
        }
      }
    }
  }
}
