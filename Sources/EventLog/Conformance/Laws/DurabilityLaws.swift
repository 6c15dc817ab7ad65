internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L41: reopened, it is the same log byte for byte, and nothing answered is missing.
  public static func L41_reopenedIsTheSame(_ fixture: EventLogFixture) async throws {
    guard fixture.isPersistent else { return }
    var random = SeededRandom.announced("L41")
    try await fixture.withLog { log in
      let identity = log.engine.identity
      for round in 0..<fixture.rounds(4) {
        try await RandomLog.fill(
          log.engine,
          events: 150,
          using: &random,
          streams: "r\(round)-"
        )
        try await RandomLog.removeSome(log.engine, using: &random, streams: "r\(round)-")
        let mark = Tracking(source: "origin", position: UInt64(round))
        _ = try await log.engine.append(AppendRequest(to: nil, [.sample()], tracking: mark))
        let before = try await Content(of: log.engine)
        try await log.reopen()
        let after = try await Content(of: log.engine)
        #expect(after == before, "seed \(random.seed), round \(round)")
        #expect(log.engine.identity == identity)
        #expect(try await log.engine.tracking(of: "origin") == UInt64(round))
      }
    }
  }

  /// What reads tell of a log.
  struct Content: Hashable {
    let events: [RecordedEvent]
    let headers: [RecordedEvent]
    let states: [StreamName: StreamState?]
    let tagged: [RecordedEvent]
    let typed: [RecordedEvent]
    let ids: [GlobalPosition?]

    init(of engine: any EventLogEngine) async throws {
      events = try await engine.wholeLog()
      headers = try await engine.wholeLog(includeRemoved: true)
      tagged = try await engine.wholeLog(matching: .tags("x"))
      typed = try await engine.wholeLog(matching: .types("A"), direction: .backward)
      var states: [StreamName: StreamState?] = [:]
      for stream in Set(headers.compactMap(\.stream)) {
        states[stream] = try await engine.state(of: stream)
      }
      self.states = states
      var ids: [GlobalPosition?] = []
      for event in headers { ids.append(try await engine.position(of: event.id)) }
      self.ids = ids
      #expect(ids == headers.map(\.position))
    }
  }

  /// L45: a second opener is told that the log is in use, and the first goes on.
  public static func L45_secondOpenerIsLockedOut(_ fixture: EventLogFixture) async throws {
    guard fixture.isPersistent else { return }
    try await fixture.withLog { log in
      try await log.engine.write(1, to: "s")
      for _ in 0..<2 {
        do {
          let second = try await log.openAgain()
          await second.close()
          Issue.record("the log was opened twice")
        } catch let error as EventLogError {
          guard case .locked = error else {
            Issue.record("expected `locked`, found \(error)")
            continue
          }
        }
      }
      try await log.engine.write(1, to: "s", expecting: .exactly(.first))
      try await log.reopen()
      #expect(try await log.engine.head() == GlobalPosition(2))
    }
  }

  /// L46: close, also twice: queued requests are written and answered, or closed and not written.
  public static func L46_closeAnswersEverybody(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let engine = log.engine
      let requests = (0..<400).map { index in
        AppendRequest(to: StreamName("s\(index % 7)"), [.sample()])
      }
      try await engine.write(1, to: "first")
      let waiting = Task { () throws(EventLogError) in try await engine.head(beyond: .max) }
      let subscribed = Task { await ending(EventStore(engine).subscribe(from: .beginning)) }
      let appends = requests.map { request in
        Task { () throws(EventLogError) in try await engine.append(request) }
      }
      try await eventually("some appends were written") { try await engine.head() > .start.next }
      async let second: Void = engine.close()
      await engine.close()
      await second
      await engine.close()
      #expect(await subscribed.value == .closed)
      let end = await waiting.result
      #expect(throws: EventLogError.closed) { try end.get() }
      var written: [(AppendRequest, AppendReceipt)] = []
      var refused: [AppendRequest] = []
      for (request, append) in zip(requests, appends) {
        switch await append.result {
        case .success(let receipt): written.append((request, receipt))
        case .failure(let error):
          #expect(error as? EventLogError == .closed)
          refused.append(request)
        }
      }
      await checkClosed(engine)
      guard fixture.isPersistent else { return }
      try await log.reopen()
      #expect(try await log.engine.head().number == UInt64(written.count + 1))
      for (request, receipt) in written {
        #expect(try await log.engine.append(request).parts == receipt.parts)
      }
      for request in refused { #expect(try await !log.engine.append(request).isRepeat) }
    }
  }

  private static func checkClosed(_ engine: any EventLogEngine) async {
    func isClosed(
      sourceLocation: SourceLocation = #_sourceLocation,
      _ call: () async throws(EventLogError) -> some Any
    ) async {
      let error = await refusal(call)
      #expect(error == .closed, sourceLocation: sourceLocation)
    }
    await isClosed { () throws(EventLogError) in try await engine.write(1, to: "s") }
    await isClosed { () throws(EventLogError) in try await engine.head() }
    await isClosed { () throws(EventLogError) in try await engine.head(beyond: .max) }
    await isClosed { () throws(EventLogError) in try await engine.readAll(after: nil) }
    await isClosed { () throws(EventLogError) in
      try await engine.read("s", from: .first, direction: .forward, limit: 1)
    }
    await isClosed { () throws(EventLogError) in try await engine.position(of: .make()) }
    await isClosed { () throws(EventLogError) in try await engine.tracking(of: "origin") }
  }
}
