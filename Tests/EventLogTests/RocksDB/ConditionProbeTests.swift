import EventLogCore
import Testing

@testable import EventLogRocksDB

/// How conditions are searched for in the indexes, and in how many steps.
@Suite struct ConditionProbeTests {
  /// Lends the storage of a log of some events.
  private static func withStorage(
    _ events: [NewEvent],
    _ body: (RocksDBStorage) throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let log = try RocksDBEventLog.open(path: folder.path)
    // Several commits, so that the indexes have several rows.
    let middle = events.count / 2
    for part in [events[..<middle], events[middle...]] {
      _ = try await log.append(AppendRequest(to: nil, Array(part)))
    }
    await log.close()
    let storage = try RocksDBOpening.open(path: folder.path, acceptsLoss: false).storage
    defer { storage.close() }
    try body(storage)
  }

  private static func search(
    _ query: EventQuery,
    after: UInt64 = 0,
    upTo head: Int
  ) -> ConditionSearch {
    let condition = AppendCondition(failIfMatches: query, after: GlobalPosition(after))
    return ConditionSearch(
      PreparedCondition(condition, hashing: { TextHash($0, as: $1) }),
      upTo: UInt64(head)
    )
  }

  /// Searches turn by turn; answers how many turns it took.
  private static func run(
    _ search: ConditionSearch,
    steps: Int,
    in storage: RocksDBStorage
  ) throws -> Int {
    var turns = 0
    while !search.isDone {
      try storage.search([search], steps: steps)
      turns += 1
      try #require(turns < 100_000, "it does not end")
    }
    return turns
  }

  @Test func anyNumberOfStepsFindsTheFirstMatch() async throws {
    var random = SplitMix(seed: 29)
    func texts(_ prefix: String, _ kinds: Int, upTo bound: Int) -> [String] {
      (0..<Int.random(in: 0...bound, using: &random)).map { _ in
        prefix + "\(Int.random(in: 0..<kinds, using: &random))"
      }
    }
    let events = (0..<800).map { _ in
      NewEvent(
        type: EventType("T\(Int.random(in: 0..<6, using: &random))"),
        tags: texts("t", 40, upTo: 3).map { Tag($0) }
      )
    }
    var queries: [EventQuery] = []
    for round in 0..<20 {
      var items = (0..<(round % 4 + 1)).map { _ in
        EventQuery.Item(
          types: texts("T", 7, upTo: 2).map { EventType($0) },
          tags: texts("t", 41, upTo: 3).map { Tag($0) }
        )
      }
      // Of so many lists that a part of the log is walked.
      if round % 5 == 0 { items += (0..<60).map { EventQuery.Item(types: [EventType("N\($0)")]) } }
      queries.append(EventQuery(items))
    }
    let afters = queries.map { _ in UInt64.random(in: 0..<800, using: &random) }
    try await Self.withStorage(events) { storage in
      for (query, after) in zip(queries, afters) where !query.matchesEverything {
        let expected = events.indices.first { index in
          index >= Int(after) && query.matches(type: events[index].type, tags: events[index].tags)
        }
        let position = expected.map { UInt64($0 + 1) }
        for steps in [1, 7, 1_000_000] {
          let whole = Self.search(query, after: after, upTo: events.count)
          _ = try Self.run(whole, steps: steps, in: storage)
          #expect(whole.match == position, "\(query) after \(after), \(steps) steps")
          // In two parts, as when the log grows meanwhile.
          let middle = (Int(after) + events.count) / 2
          let parts = Self.search(query, after: after, upTo: middle)
          _ = try Self.run(parts, steps: steps, in: storage)
          parts.extend(to: UInt64(events.count))
          _ = try Self.run(parts, steps: steps, in: storage)
          #expect(parts.match == position, "\(query) after \(after), \(steps) steps")
        }
      }
    }
  }

  /// What a condition costs does not grow with its alternatives where these follow one tag.
  @Test func aThousandAlternativesOfATagFollowItOnce() async throws {
    let events = (0..<2000).map { _ in NewEvent(type: "T", tags: ["popular"]) }
    let query = EventQuery(
      (0..<1024).map { EventQuery.Item(types: [EventType("N\($0)")], tags: ["popular"]) }
    )
    try await Self.withStorage(events) { storage in
      let search = Self.search(query, upTo: events.count)
      let turns = try Self.run(search, steps: 100, in: storage)
      #expect(search.match == nil)
      // Two steps for each event: a look at the list, and one at the event.
      #expect((30...45).contains(turns))
    }
  }

  /// In memory and, reopened, in the store; with an append beside it that has no condition.
  @Test(.timeLimit(.minutes(1))) func fourThousandAlternativesAreJudgedAsFew() async throws {
    let folder = try TemporaryFolder()
    let query = EventQuery(
      (0..<EventLogLimits.queryItems).map {
        EventQuery.Item(types: [EventType("N\($0)")], tags: ["popular"])
      }
    )
    let probe = AppendRequest(
      to: nil,
      [NewEvent(type: "Probe")],
      condition: AppendCondition(failIfMatches: query, after: .start)
    )
    let first = try RocksDBEventLog.open(path: folder.path)
    let events = (0..<3000).map { _ in NewEvent(type: "T", tags: ["popular"]) }
    _ = try await first.append(AppendRequest(to: nil, events))
    try await Self.expectAccepted(probe, by: first)
    await first.close()
    let second = try RocksDBEventLog.open(path: folder.path)
    try await Self.expectAccepted(probe, by: second)
    let last = NewEvent(type: "N4095", tags: ["popular"])
    let match = try await second.append(AppendRequest(to: nil, [last])).lastPosition
    await #expect(throws: EventLogError.conditionFailed(firstMatch: match)) {
      try await second.append(probe)
    }
    await second.close()
    let third = try RocksDBEventLog.open(path: folder.path)
    await #expect(throws: EventLogError.conditionFailed(firstMatch: match)) {
      try await third.append(probe)
    }
    await third.close()
  }

  private static func expectAccepted(
    _ probe: AppendRequest,
    by log: RocksDBEventLog
  ) async throws {
    async let receipt = log.append(probe)
    _ = try await log.append(AppendRequest(to: nil, [NewEvent(type: "Beside")]))
    let written = try await receipt
    #expect(!written.isRepeat)
  }

  @Test func theRarestTagLeads() async throws {
    var events = (0..<2000).map { NewEvent(type: "T", tags: [$0 % 2 == 0 ? "even" : "odd"]) }
    events[1700].tags = ["even", "odd", "rare"]
    try await Self.withStorage(events) { storage in
      // A tag that nobody bears ends it at once, wherever it stands.
      let never = Self.search(.tags("even", "odd", "never"), upTo: events.count)
      try storage.search([never], steps: 8)
      #expect(never.isDone && never.match == nil)
      let rare = Self.search(.tags("even", "odd", "rare"), upTo: events.count)
      try storage.search([rare], steps: 12)
      #expect(rare.isDone && rare.match == 1701)
    }
  }
}
