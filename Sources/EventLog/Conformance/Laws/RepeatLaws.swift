internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L15: an id names one event for ever: after truncation, tombstone and reopening.
  public static func L15_idsAreForEver(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let kept = NewEvent.sample()
      let cut = NewEvent.sample()
      let dead = NewEvent.sample()
      _ = try await log.engine.append(AppendRequest(to: "cut", [cut, kept]))
      _ = try await log.engine.append(AppendRequest(to: "dead", [dead]))
      _ = try await log.engine.append(.truncating("cut", before: StreamRevision(1)))
      _ = try await log.engine.append(.tombstoning("dead"))
      func check() async throws {
        for (index, event) in [cut, kept, dead].enumerated() {
          let id = try #require(event.id)
          let position = GlobalPosition(UInt64(index + 1))
          #expect(try await log.engine.position(of: id) == position)
          let error = await refusal { () throws(EventLogError) in
            try await log.engine.append(AppendRequest(to: "elsewhere", [event]))
          }
          #expect(error == .idConflict(id, position))
        }
      }
      try await check()
      guard fixture.isPersistent else { return }
      try await log.reopen()
      try await check()
    }
  }

  /// L15 for the ids that the log chooses, which an engine may find without an index; and for
  /// callers' ids that look as such.
  public static func L15_chosenIDsAreForEver(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let plain = NewEvent(type: "Plain")
      _ = try await log.engine.append(AppendRequest(to: "s", [plain, plain]))
      _ = try await log.engine.append(AppendRequest(to: nil, [plain]))
      // One that a truncation removes, and the truncation's own event.
      _ = try await log.engine.append(.truncating("s", before: StreamRevision(1)))
      let chosen = try await log.engine.wholeLog(includeRemoved: true).map(\.id)
      #expect(chosen.count == 4 && Set(chosen).count == 4)
      // Names the place of the second event, and is another's; then a place that is not yet there.
      let second = try #require(chosen.dropFirst().first)
      let posing = NewEvent(id: EventID(high: second.high, low: second.low ^ 1), type: "Posing")
      let early = NewEvent(
        id: EventID(high: second.high & ~0xFFF, low: second.low & 0xC000_0003_FFFF_FFFF | 9 << 34),
        type: "Early"
      )
      _ = try await log.engine.append(AppendRequest(to: "posing", [posing, early]))
      for _ in 0..<4 { _ = try await log.engine.append(AppendRequest(to: nil, [plain])) }
      let all = try await log.engine.wholeLog(includeRemoved: true)
      #expect(Set(all.map(\.id)).count == 10)
      func check() async throws {
        for event in all { #expect(try await log.engine.position(of: event.id) == event.position) }
        let unknown = EventID(high: second.high, low: second.low ^ 2)
        #expect(try await log.engine.position(of: unknown) == nil)
        // Given by a caller, a chosen id is known as any other.
        for event in [all[0], all[2]] {
          let again = AppendRequest(to: event.stream, [NewEvent(id: event.id, type: "Plain")])
          let receipt = try await log.engine.append(again)
          #expect(receipt.isRepeat && receipt.positions == [event.position.number])
        }
        let error = await refusal { () throws(EventLogError) in
          try await log.engine.append(AppendRequest(to: "x", [NewEvent(id: second, type: "Plain")]))
        }
        #expect(error == .idConflict(second, all[1].position))
      }
      try await check()
      guard fixture.isPersistent else { return }
      try await log.reopen()
      try await check()
      #expect(try await log.engine.head() == all.last?.position)
    }
  }

  /// L16: known ids in an unbroken run give the first receipt: whole, prefix, slice, several commits.
  public static func L16_repeatsGetTheFirstReceipt(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let events = (0..<9).map { NewEvent.sample(EventType("T\($0 % 3)")) }
      let loose = (0..<3).map { _ in NewEvent.sample("Loose") }
      _ = try await log.engine.append(AppendRequest(to: "s", Array(events[..<4])))
      let middle = AppendRequest([
        StreamAppend(to: "s", [events[4], events[5]]), StreamAppend(to: nil, [loose[0]]),
      ])
      let first = try await log.engine.append(middle)
      _ = try await log.engine.append(AppendRequest(to: "s", Array(events[6...])))
      _ = try await log.engine.append(AppendRequest(to: nil, Array(loose[1...])))
      let head = try await log.engine.head()
      let positions: [UInt64] = [1, 2, 3, 4, 5, 6, 8, 9, 10]

      func check() async throws {
        let again = try await log.engine.append(middle)
        #expect(again == AppendReceipt(parts: first.parts, isRepeat: true))
        for range in [0..<4, 0..<2, 1..<3, 2..<6, 0..<9, 5..<9, 8..<9] {
          let receipt = try await log.engine.append(AppendRequest(to: "s", Array(events[range])))
          #expect(receipt.isRepeat, "\(range)")
          #expect(receipt.positions == Array(positions[range]), "\(range)")
          let revision = StreamRevision(UInt64(range.lowerBound))
          #expect(receipt.parts.first?.firstRevision == revision, "\(range)")
        }
        // Without a stream ascending is enough: the first and the last, over a gap.
        let receipt = try await log.engine.append(
          AppendRequest(to: nil, [loose[0], loose[2]])
        )
        #expect(receipt.isRepeat)
        #expect(receipt.positions == [7, 12])
        // Data is not compared: the first write stands.
        var other = events[0]
        other.data = [9, 9]
        #expect(try await log.engine.append(AppendRequest(to: "s", [other])).isRepeat)
        #expect(try await log.engine.wholeStream("s").first?.data == events[0].data)
        #expect(try await log.engine.head() == head)
      }
      try await check()
      guard fixture.isPersistent else { return }
      try await log.reopen()
      try await check()
    }
  }

  /// L17: known ids in any other shape are a conflict, and nothing is written.
  public static func L17_otherShapesAreConflicts(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let events = (0..<4).map { NewEvent.sample(EventType("T\($0)")) }
      let loose = (0..<2).map { _ in NewEvent.sample("Loose") }
      _ = try await engine.append(AppendRequest(to: "s", events))
      _ = try await engine.append(AppendRequest(to: nil, loose))
      var retyped = events[1]
      retyped.type = "Other"
      let fresh = NewEvent.sample()
      let requests: [(Comment, AppendRequest)] = [
        ("known, then new", AppendRequest(to: "s", [events[3], fresh])),
        ("new, then known", AppendRequest(to: "s", [fresh, events[0]])),
        ("another stream", AppendRequest(to: "t", [events[0]])),
        ("no stream", AppendRequest(to: nil, [events[0]])),
        ("a stream where there was none", AppendRequest(to: "s", [loose[0]])),
        ("another order", AppendRequest(to: "s", [events[1], events[0]])),
        ("another order without stream", AppendRequest(to: nil, [loose[1], loose[0]])),
        ("a hole", AppendRequest(to: "s", [events[0], events[2]])),
        ("another type", AppendRequest(to: "s", [events[0], retyped])),
        (
          "two streams",
          AppendRequest([
            StreamAppend(to: "s", [events[0]]), StreamAppend(to: "t", [events[1]]),
          ])
        ),
      ]
      let head = try await engine.head()
      for (comment, request) in requests {
        let error = await refusal { () throws(EventLogError) in try await engine.append(request) }
        guard case .idConflict(let id, let position) = error else {
          Issue.record("\(comment): found \(String(describing: error))")
          continue
        }
        #expect(try await engine.position(of: id) == position, comment)
        #expect(request.parts.contains { $0.events.contains { $0.id == id } }, comment)
      }
      #expect(try await engine.head() == head)
      let id = try #require(fresh.id)
      #expect(try await engine.position(of: id) == nil)
    }
  }

  /// L18: a repeat evaluates neither revision nor condition nor tracking.
  public static func L18_repeatsAskNothing(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let event = NewEvent.sample(tags: ["x"])
      let mark = Tracking(source: "origin", position: 3)
      let condition = AppendCondition(failIfMatches: .tags("x"))
      let expectations: [ExpectedRevision] = [
        .noStream, .any, .streamExists, .exactly(.first), .exactly(StreamRevision(7)),
      ]
      let first = try await engine.append(
        AppendRequest(
          to: "s",
          expecting: .noStream,
          [event],
          condition: condition,
          tracking: mark
        )
      )
      for expected in expectations {
        let again = try await engine.append(
          AppendRequest(
            to: "s",
            expecting: expected,
            [event],
            condition: condition,
            tracking: mark
          )
        )
        #expect(again == AppendReceipt(parts: first.parts, isRepeat: true))
      }
      #expect(try await engine.head() == GlobalPosition(1))
    }
  }

  /// L19: a repeat that races its original gets the same receipt; one write.
  public static func L19_racingRepeatsWriteOnce(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      for round in 0..<20 {
        let head = try await engine.head()
        let events = (0..<3).map { _ in NewEvent.sample() }
        let request = AppendRequest(
          to: StreamName("s\(round)"),
          expecting: .noStream,
          events,
          tracking: Tracking(source: "origin", position: UInt64(round))
        )
        let receipts = try await race(16) { _ in try await engine.append(request) }
        #expect(Set(receipts.map(\.parts)).count == 1)
        #expect(receipts.count { !$0.isRepeat } == 1)
        #expect(try await engine.head() == GlobalPosition(head.number + 3))
      }
    }
  }

  /// L20: an id twice or the nil UUID is invalid; without one the log gives a UUIDv7.
  public static func L20_idsAreWellFormed(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let event = NewEvent.sample()
      await expectInvalid { () throws(EventLogError) in
        try await engine.append(AppendRequest(to: "s", [event, event]))
      }
      await expectInvalid { () throws(EventLogError) in
        try await engine.append(
          AppendRequest([StreamAppend(to: "s", [event]), StreamAppend(to: "t", [event])])
        )
      }
      await expectInvalid { () throws(EventLogError) in
        try await engine.append(AppendRequest(to: "s", [.sample(id: EventID.none)]))
      }
      #expect(try await engine.head() == .start)
      let request = AppendRequest(to: "s", [.sample(id: nil), .sample(id: nil)])
      for _ in 0..<2 { #expect(try await !engine.append(request).isRepeat) }
      let ids = try await engine.wholeStream("s").map(\.id)
      #expect(Set(ids).count == 4)
      for id in ids {
        #expect(id.high >> 12 & 0xF == 7)
        #expect(id.low >> 62 == 0b10)
        #expect(try await engine.position(of: id) != nil)
      }
    }
  }

  /// L21: after an unknown outcome the same request again gives a definite answer.
  public static func L21_sameRequestTellsTheOutcome(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      for round in 0..<50 {
        let stream = StreamName("s\(round)")
        let request = AppendRequest(to: stream, expecting: .noStream, [.sample(), .sample()])
        let call = Task { try await engine.append(request) }
        if round.isMultiple(of: 2) { await Task.yield() }
        call.cancel()
        let outcome = await call.result
        let receipt = try await engine.append(request)
        if case .success(let first) = outcome {
          #expect(receipt == AppendReceipt(parts: first.parts, isRepeat: true))
        }
        #expect(try await engine.wholeStream(stream).count == 2)
      }
    }
  }
}
