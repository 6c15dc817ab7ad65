internal import EventLogCore
internal import Testing

extension EventLogLaws {
  /// L26: `from` is inclusive both ways; a stream never written is empty, a tombstoned one gone.
  public static func L26_fromIsInclusive(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(10, to: "s")
      try await engine.write(3, to: "other")
      func read(_ from: UInt64, _ direction: Direction, _ limit: Int) async throws -> [UInt64] {
        let page = try await engine.read(
          "s",
          from: StreamRevision(from),
          direction: direction,
          limit: limit
        )
        #expect(page.stream == .written(first: .first, last: StreamRevision(9)))
        #expect(page.events.allSatisfy { $0.stream == "s" })
        return page.events.compactMap { $0.revision?.number }
      }
      #expect(try await read(0, .forward, 100) == Array(0...9))
      #expect(try await read(4, .forward, 3) == [4, 5, 6])
      #expect(try await read(9, .forward, 3) == [9])
      #expect(try await read(10, .forward, 3) == [])
      #expect(try await read(.max, .forward, 3) == [])
      #expect(try await read(4, .backward, 3) == [4, 3, 2])
      #expect(try await read(0, .backward, 3) == [0])
      #expect(try await read(10, .backward, 2) == [9, 8])
      #expect(try await read(.max, .backward, 100) == (0...9).reversed())
      let never = try await engine.read("never", from: .first, direction: .forward, limit: 1)
      #expect(never.events.isEmpty && never.isEnd && never.stream == .neverWritten)
      // A name that is the beginning of another reads its own events alone.
      #expect(try await engine.state(of: "othe") == .neverWritten)
      _ = try await engine.append(.tombstoning("other"))
      for direction in [Direction.forward, .backward] {
        let error = await refusal { () throws(EventLogError) in
          try await engine.read("other", from: .first, direction: direction, limit: 1)
        }
        #expect(error == .streamTombstoned("other"))
      }
    }
  }

  /// L27: `after` is exclusive both ways, and legal beyond the head.
  public static func L27_afterIsExclusiveInReads(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let empty = try await engine.readAll(after: nil, limit: 1)
      #expect(empty.events.isEmpty && empty.isEnd && empty.head == .start)
      try await engine.write(10, to: "s")
      func read(_ after: UInt64?, _ direction: Direction, _ limit: Int) async throws -> [UInt64] {
        let page = try await engine.readAll(
          after: after.map { GlobalPosition($0) },
          direction: direction,
          limit: limit
        )
        #expect(page.head == GlobalPosition(10))
        return page.events.map(\.position.number)
      }
      #expect(try await read(nil, .forward, 3) == [1, 2, 3])
      #expect(try await read(0, .forward, 3) == [1, 2, 3])
      #expect(try await read(8, .forward, 3) == [9, 10])
      #expect(try await read(10, .forward, 3) == [])
      #expect(try await read(11, .forward, 3) == [])
      #expect(try await read(.max, .forward, 3) == [])
      #expect(try await read(nil, .backward, 3) == [10, 9, 8])
      #expect(try await read(11, .backward, 2) == [10, 9])
      #expect(try await read(10, .backward, 2) == [9, 8])
      #expect(try await read(2, .backward, 3) == [1])
      #expect(try await read(1, .backward, 3) == [])
      #expect(try await read(0, .backward, 3) == [])
      #expect(try await read(.max, .backward, 3) == [10, 9, 8])
    }
  }

  /// L28: a limit is 1…4,096; a page ends at 4 MiB too and holds one event at least.
  public static func L28_pagesAreBounded(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      try await engine.write(4097, to: "s")
      for limit in [Int.min, -1, 0, 4097, .max] {
        await expectInvalid { () throws(EventLogError) in
          try await engine.readAll(after: nil, limit: limit)
        }
        await expectInvalid { () throws(EventLogError) in
          try await engine.read("s", from: .first, direction: .forward, limit: limit)
        }
      }
      for limit in [1, 2, 4095, 4096] {
        let all = try await engine.readAll(after: nil, limit: limit)
        #expect(all.events.count == limit && !all.isEnd)
        let stream = try await engine.read("s", from: .first, direction: .forward, limit: limit)
        #expect(stream.events.count == limit && !stream.isEnd)
      }
      let exact = try await engine.readAll(after: GlobalPosition(1), limit: 4096)
      #expect(exact.events.count == 4096)
      #expect(exact.scannedTo == GlobalPosition(4097))
      let large = (0..<6).map { _ in
        NewEvent.sample(data: Array(repeating: 7, count: EventLogLimits.dataBytes))
      }
      _ = try await engine.append(AppendRequest(to: "large", large))
      for direction in [Direction.forward, .backward] {
        let from: GlobalPosition? = direction == .forward ? GlobalPosition(4097) : nil
        let all = try await engine.readAll(after: from, direction: direction, limit: 4096)
        let stream = try await engine.read(
          "large",
          from: direction == .forward ? .first : .max,
          direction: direction,
          limit: 4096
        )
        for page in [all, stream] {
          let bytes = page.events.reduce(0) { $0 + $1.dataCount }
          #expect(bytes <= EventLogLimits.pageBytes && (1..<6).contains(page.events.count))
          #expect(!page.isEnd)
        }
      }
      #expect(try await engine.wholeStream("large").map(\.asNew) == large)
    }
  }

  /// L29: a page says how far it looked; a rare filter gives pages that still advance.
  public static func L29_pagesTellHowFarTheyLooked(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let total = EventLogLimits.pageCandidates + 5000
      var written = 0
      while written < total {
        let count = min(EventLogLimits.requestEvents, total - written)
        let events = (0..<count).map { _ in
          NewEvent(type: "Common", tags: ["common"])
        }
        _ = try await engine.append(AppendRequest(to: "s", events))
        written += count
      }
      try await engine.write(1, to: "s", type: "Rare", tags: ["common", "rare"])
      let head = GlobalPosition(UInt64(total + 1))
      func both(_ type: EventType, _ tags: Tag...) -> EventQuery {
        EventQuery([EventQuery.Item(types: [type], tags: tags)])
      }
      let cases: [(EventQuery, Int)] = [
        (.tags("rare"), 1), (.types("Rare"), 1), (.types("Rare", "Never"), 1),
        (.tags("never"), 0), (.types("Never"), 0),
        (both("Rare", "common"), 1), (both("Never", "common"), 0),
        // Things that never meet in one event.
        (both("Common", "rare"), 0), (both("Rare", "common", "never"), 0),
      ]
      for (query, matches) in cases {
        for direction in [Direction.forward, .backward] {
          var after: GlobalPosition?
          var found = 0
          while true {
            let page = try await engine.readAll(
              after: after,
              matching: query,
              direction: direction,
              limit: 10
            )
            found += page.events.count
            #expect(page.head == head)
            if page.isEnd { break }
            let last = after ?? (direction == .forward ? .start : head.next)
            guard direction == .forward ? page.scannedTo > last : page.scannedTo < last else {
              Issue.record("\(query) \(direction): a page stayed at \(last)")
              break
            }
            after = page.scannedTo
          }
          #expect(found == matches, "\(query) \(direction)")
        }
      }
      let last = try await engine.readAll(after: nil, matching: .tags("rare"), limit: 10)
      if last.isEnd { #expect(last.scannedTo == head) }
      let full = try await engine.readAll(after: GlobalPosition(head.number - 5), limit: 5)
      #expect(full.scannedTo == head)
      let more = try await engine.readAll(after: GlobalPosition(head.number - 6), limit: 5)
      #expect(more.scannedTo == GlobalPosition(head.number - 1) && !more.isEnd)
    }
  }

  /// L30: pages of any sizes laid end to end equal one read, filtered or not, in both directions.
  public static func L30_pagesEqualOneRead(_ fixture: EventLogFixture) async throws {
    var random = SeededRandom.announced("L30")
    try await fixture.withEngine { engine in
      try await RandomLog.fill(engine, events: 500, using: &random)
      try await RandomLog.removeSome(engine, using: &random)
      let all = try await engine.wholeLog()
      let sizes = [1, 2, 3, 7, 64, all.count, all.count + 1, 4096].filter { $0 > 0 }
      for round in 0..<fixture.rounds(60) {
        let query = round < 4 ? .all : RandomLog.query(using: &random)
        let size = sizes[random.below(sizes.count)]
        let comment: Comment = "seed \(random.seed), size \(size), \(query)"
        let expected = all.filter { RandomLog.matches($0, query) }
        let forward = try await engine.wholeLog(matching: query, limit: size)
        let backward = try await engine.wholeLog(
          matching: query,
          direction: .backward,
          limit: size
        )
        #expect(forward == expected, comment)
        #expect(backward == expected.reversed(), comment)
      }
      for number in 0..<8 {
        let stream = StreamName("s\(number)")
        guard try await engine.state(of: stream) != .tombstoned else { continue }
        let expected = all.filter { $0.stream == stream }
        for size in sizes {
          #expect(try await engine.wholeStream(stream, limit: size) == expected)
          let backward = try await EventStore(engine)
            .events(in: stream, direction: .backward, pageLimit: size).collect()
          #expect(backward == expected.reversed())
        }
      }
    }
    // With appends in between: what was there comes first and unchanged.
    try await fixture.withEngine { engine in
      try await RandomLog.fill(engine, events: 200, using: &random)
      let before = try await engine.wholeLog()
      var events: [RecordedEvent] = []
      var after: GlobalPosition?
      var rounds = 0
      while true {
        let limit = random.below(9) + 1
        let page = try await engine.readAll(after: after, limit: limit)
        events.append(contentsOf: page.events)
        if page.isEnd { break }
        after = page.scannedTo
        rounds += 1
        if rounds < 40 { try await RandomLog.fill(engine, events: 2, using: &random) }
      }
      #expect(Array(events.prefix(before.count)) == before, "seed \(random.seed)")
      #expect(try await engine.wholeLog() == events, "seed \(random.seed)")
    }
  }
}
