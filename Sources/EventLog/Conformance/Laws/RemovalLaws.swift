internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L49: removal is an event in `$$S`, with a position, in effect in its own commit.
  public static func L49_removalIsAnEvent(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(5, to: "s")
      let third = StreamRevision(3)
      let stale = await refusal { () throws(EventLogError) in
        try await engine.append(
          .truncating("s", before: third, expecting: .exactly(.first))
        )
      }
      guard case .conflict(stream: "s", _, _) = stale else {
        Issue.record("the expected revision of a truncation is not checked")
        return
      }
      let cut = try await engine.append(
        .truncating("s", before: third, expecting: .exactly(StreamRevision(4)))
      )
      #expect(cut.lastPosition == GlobalPosition(6))
      #expect(try await engine.state(of: "s") == .written(first: third, last: StreamRevision(4)))
      let control = try await engine.wholeStream(StreamName("s").control)
      #expect(control.map(\.position) == [GlobalPosition(6)])
      #expect(control.map(\.revision) == [.first])
      // It never goes back: an earlier revision keeps what is cut.
      _ = try await engine.append(.truncating("s", before: StreamRevision(1)))
      #expect(try await engine.state(of: "s") == .written(first: third, last: StreamRevision(4)))
      let tombstone = try await engine.append(.tombstoning("s"))
      #expect(tombstone.lastPosition == GlobalPosition(8))
      #expect(try await engine.state(of: "s") == .tombstoned)
      #expect(try await engine.head() == GlobalPosition(8))
      let again = await refusal { () throws(EventLogError) in
        try await engine.append(.tombstoning("s"))
      }
      #expect(again == .streamTombstoned("s"))
      // The longest name that is taken can be removed as well.
      let longest = StreamName(String(repeating: "n", count: EventLogLimits.nameBytes))
      try await engine.write(2, to: longest)
      let refused = await refusal { () throws(EventLogError) in
        try await engine.append(.truncating(longest, before: StreamRevision(1)))
      }
      #expect(refused == nil)
    }
  }

  /// L50: reads start at the first kept revision; nothing is renumbered.
  public static func L50_readsStartAtTheFirstKept(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      try await log.engine.write(6, to: "s")
      _ = try await log.engine.append(.truncating("s", before: StreamRevision(4)))
      func check() async throws {
        let engine = log.engine
        func read(_ from: UInt64, _ direction: Direction) async throws -> [UInt64] {
          let page = try await engine.read(
            "s",
            from: StreamRevision(from),
            direction: direction,
            limit: 10
          )
          #expect(page.isEnd)
          return page.events.compactMap { $0.revision?.number }
        }
        #expect(try await read(0, .forward) == [4, 5])
        #expect(try await read(2, .forward) == [4, 5])
        #expect(try await read(5, .forward) == [5])
        #expect(try await read(.max, .backward) == [5, 4])
        #expect(try await read(3, .backward) == [])
        let ahead = try await engine.readAll(after: GlobalPosition(2), limit: 10)
        #expect(ahead.events.first?.position == GlobalPosition(5))
      }
      try await check()
      if fixture.isPersistent {
        try await log.reopen()
        try await check()
      }
      // A revision beyond the last removes what is there, and numbering goes on.
      _ = try await log.engine.append(.truncating("s", before: StreamRevision(100)))
      #expect(try await log.engine.state(of: "s") == .truncated(last: StreamRevision(5)))
      let next = try await log.engine.write(1, to: "s", expecting: .noStream)
      #expect(next.parts.first?.firstRevision == StreamRevision(6))
      let six = StreamRevision(6)
      #expect(try await log.engine.state(of: "s") == .written(first: six, last: six))
    }
  }

  /// L51: the whole log skips removed events everywhere; asked for, each comes as a header.
  public static func L51_removedAreSkippedOrHeaders(_ fixture: EventLogFixture) async throws {
    try await fixture.withLog { log in
      let events = (0..<6).map { index in
        NewEvent(
          id: .make(),
          type: EventType("T\(index)"),
          schemaVersion: 3,
          data: [1, 2, 3],
          tags: ["x", Tag("n\(index)")],
          metadata: ["actor": "u1"]
        )
      }
      _ = try await log.engine.append(AppendRequest(to: "cut", Array(events[..<3])))
      _ = try await log.engine.append(AppendRequest(to: "dead", Array(events[3..<5])))
      _ = try await log.engine.append(AppendRequest(to: nil, [events[5]]))
      let before = try await log.engine.wholeLog()
      _ = try await log.engine.append(.truncating("cut", before: StreamRevision(2)))
      _ = try await log.engine.append(.tombstoning("dead"))
      func check() async throws {
        let engine = log.engine
        let shown = try await engine.wholeLog(matching: .tags("x"))
        #expect(shown == [before[2], before[5]])
        #expect(
          try await engine.wholeLog(matching: .tags("x"), direction: .backward)
            == [before[5], before[2]]
        )
        #expect(try await engine.wholeLog().map(\.position.number) == [3, 6, 7, 8])
        #expect(try await engine.wholeLog(matching: .types("T0")).isEmpty)
        let page = try await engine.readAll(after: GlobalPosition(3), limit: 1)
        #expect(page.events.map(\.position.number) == [6])
        #expect(page.scannedTo == GlobalPosition(6))
        let all = try await engine.wholeLog(limit: 2, includeRemoved: true)
        #expect(all.map(\.position.number) == Array(1...8))
        #expect(all.map(\.isRemoved) == [true, true, false, true, true, false, false, false])
        let backward = try await engine.wholeLog(
          direction: .backward,
          limit: 3,
          includeRemoved: true
        )
        #expect(backward == all.reversed())
        for (header, event) in zip(all, before) where header.isRemoved {
          #expect(header.position == event.position && header.id == event.id)
          #expect(header.stream == event.stream && header.revision == event.revision)
          #expect(header.type == event.type && header.tags == event.tags)
          #expect(header.recordedAt == event.recordedAt)
          #expect(header.data.isEmpty && header.metadata.entries.isEmpty)
        }
        let filtered = try await engine.wholeLog(matching: .types("T0"), includeRemoved: true)
        #expect(filtered.map(\.position.number) == [1])
      }
      try await check()
      guard fixture.isPersistent else { return }
      try await log.reopen()
      try await check()
    }
  }
}
