internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// The states of a stream that the matrix of L1 knows; the last revision is 2.
  private enum Prepared: CaseIterable {
    case neverWritten, written, cut, truncated, tombstoned

    func make(_ stream: StreamName, in engine: any EventLogEngine) async throws {
      guard self != .neverWritten else { return }
      try await engine.write(3, to: stream)
      switch self {
      case .neverWritten, .written: break
      case .cut: _ = try await engine.append(.truncating(stream, before: StreamRevision(2)))
      case .truncated: _ = try await engine.append(.truncating(stream, before: StreamRevision(3)))
      case .tombstoned: _ = try await engine.append(.tombstoning(stream))
      }
    }

    var state: StreamState {
      switch self {
      case .neverWritten: .neverWritten
      case .written: .written(first: .first, last: StreamRevision(2))
      case .cut: .written(first: StreamRevision(2), last: StreamRevision(2))
      case .truncated: .truncated(last: StreamRevision(2))
      case .tombstoned: .tombstoned
      }
    }

    /// The cells of the matrix that accept.
    func accepts(_ expected: ExpectedRevision) -> Bool {
      switch (self, expected) {
      case (.tombstoned, _): false
      case (_, .any): true
      case (.neverWritten, .noStream), (.truncated, .noStream): true
      case (.written, .streamExists), (.cut, .streamExists): true
      case (.written, .exactly(let revision)), (.cut, .exactly(let revision)),
        (.truncated, .exactly(let revision)):
        revision.number == 2
      default: false
      }
    }
  }

  /// L1: expected revision × state of the stream, cell by cell.
  public static func L01_expectedRevisionMatrix(_ fixture: EventLogFixture) async throws {
    let expectations: [ExpectedRevision] = [
      .any, .noStream, .streamExists, .exactly(StreamRevision(2)), .exactly(StreamRevision(0)),
      .exactly(StreamRevision(1)), .exactly(StreamRevision(3)), .exactly(.max),
    ]
    try await fixture.withEngine { engine in
      for (row, prepared) in Prepared.allCases.enumerated() {
        for (column, expected) in expectations.enumerated() {
          let stream = StreamName("cell-\(row)-\(column)")
          try await prepared.make(stream, in: engine)
          let head = try await engine.head()
          let cell: Comment = "\(prepared) × \(expected)"
          do throws(EventLogError) {
            let receipt = try await engine.write(2, to: stream, expecting: expected)
            let first: UInt64 = prepared == .neverWritten ? 0 : 3
            #expect(prepared.accepts(expected), cell)
            #expect(receipt.parts.first?.firstRevision == StreamRevision(first), cell)
          } catch {
            #expect(!prepared.accepts(expected), cell)
            let reason: EventLogError =
              prepared == .tombstoned
              ? .streamTombstoned(stream)
              : .conflict(stream: stream, expected: expected, actual: prepared.state)
            #expect(error == reason, cell)
            #expect(try await engine.head() == head, cell)
          }
        }
      }
    }
  }

  /// L2: whole or not at all, over all streams; a refused request leaves no trace.
  public static func L02_allOrNothing(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(1, to: "taken")
      let events = (0..<3).map { _ in NewEvent.sample(tags: ["trace"]) }
      let request = AppendRequest(
        [
          StreamAppend(to: "fresh", events[..<2].map { $0 }),
          StreamAppend(to: "taken", expecting: .noStream, [events[2]]),
        ],
        tracking: Tracking(source: "origin", position: 7)
      )
      let head = try await engine.head()
      let error = await refusal { () throws(EventLogError) in try await engine.append(request) }
      guard case .conflict = error else {
        Issue.record("expected a conflict, found \(String(describing: error))")
        return
      }
      #expect(try await engine.head() == head)
      #expect(try await engine.state(of: "fresh") == .neverWritten)
      #expect(try await engine.tracking(of: "origin") == nil)
      #expect(try await engine.wholeLog(matching: .tags("trace")).isEmpty)
      for event in events {
        guard let id = event.id else { continue }
        #expect(try await engine.position(of: id) == nil)
      }
      // The ids are free: the same events may be written now.
      let receipt = try await engine.append(AppendRequest(to: "fresh", events))
      #expect(!receipt.isRepeat)
      #expect(receipt.firstPosition == head.next)
      #expect(receipt.parts.first?.firstRevision == .first)
    }
  }

  /// L3: one unbroken range of positions, in the order of parts and events.
  public static func L03_oneUnbrokenRange(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(2, to: "b")
      let events = (0..<6).map { NewEvent.sample(EventType("T\($0)")) }
      let receipt = try await engine.append(
        AppendRequest([
          StreamAppend(to: "a", [events[0], events[1]]),
          StreamAppend(to: nil, [events[2]]),
          StreamAppend(to: "c", []),
          StreamAppend(to: "b", [events[3], events[4], events[5]]),
        ])
      )
      #expect(receipt.positions == Array(3...8))
      #expect(receipt.parts.map(\.stream) == ["a", nil, "c", "b"])
      #expect(receipt.parts.map(\.firstRevision?.number) == [0, nil, nil, 2])
      let read = try await engine.readAll(after: GlobalPosition(2), limit: 10).events
      #expect(read.map(\.asNew) == events)
      #expect(read.map(\.stream) == ["a", "a", nil, "b", "b", "b"])
      #expect(read.map { $0.revision?.number } == [0, 1, nil, 2, 3, 4])
    }
  }

  /// L4: a stream occurs once; without a stream only `any`; no events is a check alone.
  public static func L04_partsAreWellFormed(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let twice = AppendRequest([
        StreamAppend(to: "s", [.sample()]), StreamAppend(to: "s", [.sample()]),
      ])
      await expectInvalid { () throws(EventLogError) in try await engine.append(twice) }
      for expected: ExpectedRevision in [.noStream, .streamExists, .exactly(.first)] {
        await expectInvalid { () throws(EventLogError) in
          try await engine.write(1, to: nil, expecting: expected)
        }
      }
      let loose = try await engine.write(2, to: nil)
      #expect(loose.parts.first?.firstRevision == nil)
      #expect(loose.parts.first?.lastRevision == nil)
      #expect(try await engine.wholeLog().allSatisfy { $0.revision == nil && $0.stream == nil })

      try await engine.write(2, to: "checked")
      func check(_ expected: ExpectedRevision) -> AppendRequest {
        AppendRequest([
          StreamAppend(to: "checked", expecting: expected, []),
          StreamAppend(to: "other", [.sample()]),
        ])
      }
      let receipt = try await engine.append(check(.exactly(StreamRevision(1))))
      #expect(receipt.parts.map(\.positions.count) == [0, 1])
      #expect(receipt.parts.first?.firstRevision == nil)
      let error = await refusal { () throws(EventLogError) in
        try await engine.append(check(.exactly(.first)))
      }
      let state = StreamState.written(first: .first, last: StreamRevision(1))
      #expect(
        error == .conflict(stream: "checked", expected: .exactly(.first), actual: state)
      )
      #expect(try await engine.state(of: "checked") == state)
    }
  }

  /// L5: a request without any event is refused, also with a condition or tracking.
  public static func L05_emptyAppendIsRefused(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let mark = Tracking(source: "origin", position: 1)
      let requests = [
        AppendRequest([]),
        AppendRequest(to: "s", []),
        AppendRequest([StreamAppend(to: "s", []), StreamAppend(to: "t", [])]),
        AppendRequest([], condition: AppendCondition(failIfMatches: .types("Never"))),
        AppendRequest([], tracking: mark),
        AppendRequest(to: "s", [], tracking: mark),
      ]
      for request in requests {
        let error = await refusal { () throws(EventLogError) in try await engine.append(request) }
        #expect(error == .emptyAppend)
      }
      let head = try await engine.head()
      #expect(head == .start)
      #expect(try await engine.tracking(of: "origin") == nil)
    }
  }

  /// L6: a refused request changes nothing for those that share its commit.
  public static func L06_neighboursAreIsolated(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(1, to: "busy")
      let outcomes = try await race(200) { index -> Bool in
        if index.isMultiple(of: 2) {
          let stream = StreamName("own-\(index)")
          let receipt = try await engine.write(2, to: stream, expecting: .noStream)
          return receipt.parts.first?.firstRevision == .first
        }
        let error = await refusal { () throws(EventLogError) in
          try await engine.append(
            AppendRequest([
              StreamAppend(to: StreamName("own-\(index)"), [.sample()]),
              StreamAppend(to: "busy", expecting: .noStream, [.sample()]),
            ])
          )
        }
        if case .conflict = error { return true }
        return false
      }
      #expect(outcomes.allSatisfy { $0 })
      #expect(try await engine.head() == GlobalPosition(201))
      // Each sees those accepted before it as if committed: n increments lose none.
      let tries = try await race(16) { _ -> Int in
        var tries = 0
        while true {
          tries += 1
          let state = try await engine.state(of: "counter")
          let expected = state?.lastRevision.map { ExpectedRevision.exactly($0) } ?? .noStream
          let error = await refusal { () throws(EventLogError) in
            try await engine.write(1, to: "counter", expecting: expected)
          }
          guard let error else { return tries }
          guard error.isLostRace else { throw error }
        }
      }
      #expect(tries.count == 16)
      let last = try await engine.state(of: "counter")?.lastRevision
      #expect(last == StreamRevision(15))
    }
  }

  /// L7: of n racing appends with the same revision one wins; the others get a conflict.
  public static func L07_oneWinnerPerRevision(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(1, to: "raced")
      for round in 0..<10 {
        let expected = ExpectedRevision.exactly(StreamRevision(UInt64(round)))
        let errors = try await race(32) { _ in
          await refusal { () throws(EventLogError) in
            try await engine.write(1, to: "raced", expecting: expected)
          }
        }
        #expect(errors.count { $0 == nil } == 1)
        for case let error? in errors {
          guard case .conflict(stream: "raced", expected: expected, actual: _) = error else {
            Issue.record("expected a conflict, found \(error)")
            continue
          }
        }
      }
      #expect(try await engine.wholeStream("raced").count == 11)
    }
  }

  /// L8: closed, shape and limits, ids, revision, condition, tracking: the first reason wins.
  public static func L08_firstReasonWins(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let engine = log.engine
      let known = NewEvent.sample(tags: ["seen"])
      let mark = Tracking(source: "origin", position: 5)
      let first = try await engine.append(AppendRequest(to: "s", [known], tracking: mark))
      try await engine.write(1, to: "gone")
      _ = try await engine.append(.tombstoning("gone"))
      let condition = AppendCondition(failIfMatches: .tags("seen"))
      let tooLarge = NewEvent.sample(data: Array(repeating: 0, count: EventLogLimits.dataBytes + 1))
      func reason(
        _ stream: StreamName,
        _ expected: ExpectedRevision,
        _ events: [NewEvent]
      ) async -> EventLogError? {
        let request = AppendRequest(
          to: stream,
          expecting: expected,
          events,
          condition: condition,
          tracking: mark
        )
        return await refusal { () throws(EventLogError) in try await engine.append(request) }
      }
      let limits = await reason("s", .noStream, [known, tooLarge])
      guard case .tooLarge = limits else {
        Issue.record("limits come before ids, found \(String(describing: limits))")
        return
      }
      let id = try #require(known.id)
      let ids = await reason("gone", .noStream, [known, .sample()])
      #expect(ids == .idConflict(id, first.firstPosition))
      #expect(await reason("gone", .any, [.sample()]) == .streamTombstoned("gone"))
      let revision = await reason("s", .noStream, [.sample()])
      guard case .conflict = revision else {
        Issue.record("revisions come before conditions, found \(String(describing: revision))")
        return
      }
      let match = await reason("s", .any, [.sample()])
      #expect(match == .conditionFailed(firstMatch: first.firstPosition))
      let stale = await refusal { () throws(EventLogError) in
        try await engine.append(AppendRequest(to: "s", [.sample()], tracking: mark))
      }
      #expect(stale == .trackingNotIncreasing(source: "origin", stored: 5, given: 5))
      await engine.close()
      #expect(await reason("s", .noStream, [known, tooLarge]) == .closed)
    }
  }
}

/// Expects that the log refuses a shape.
func expectInvalid(
  sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws(EventLogError) -> some Any
) async {
  let error = await refusal(body)
  guard case .invalid = error else {
    Issue.record(
      "expected `invalid`, found \(error.map { "\($0)" } ?? "no error")",
      sourceLocation: sourceLocation
    )
    return
  }
}
