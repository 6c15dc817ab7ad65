import EventLogCore
import EventLogInMemory
import Testing

@testable import EventsService

/// What the audit reads where events are large.
@Suite struct AuditBytesTests {
  private static let count: UInt64 = 48
  /// Two fit a message, ten a page of the log.
  private static let size = 400 << 10

  private var places: [GlobalPosition] { (1...Self.count).map { GlobalPosition($0) } }

  /// Ada and Bob in turn, each in a stream of their own; two of three events are of type A.
  private func fill(_ world: AuditWorld) async throws {
    let data = [UInt8](repeating: 7, count: Self.size)
    for number in 0..<Self.count {
      let event = NewEvent.audited(
        number % 3 == 0 ? "B" : "A",
        by: number % 2 == 0 ? "ada" : "bob",
        data: data
      )
      try await world.append([event], to: StreamName("s-\(number % 2)"))
    }
    try await world.indexed()
  }

  private func asking(
    by actor: String? = nil,
    type: EventType? = nil,
    in stream: StreamName? = nil
  ) -> AuditCriteria {
    var criteria = AuditCriteria()
    criteria.actor = actor
    criteria.types = type.map { [$0] } ?? []
    criteria.stream = stream
    return criteria
  }

  @Test func aFullMessageTakesOnePageOfTheLog() async throws {
    try await AuditWorld.run { world in
      try await fill(world)
      for asked in [asking(by: "ada"), asking(type: "A"), asking(by: "ada", type: "A")] {
        for direction in [Direction.forward, .backward] {
          let watched = WatchedEngine(world.log)
          let search = AuditSearch(engine: watched, index: world.index)
          let range = try await search.scope(of: asked, direction: direction).range
          let page = try await search.page(asked, range, limit: 1000)
          #expect(page.events.count == 2)
          #expect(!page.isEnd)
          let read = watched.bytesRead + watched.bytesFound
          #expect(read <= EventLogLimits.pageBytes, "\(read) bytes for \(asked)")
        }
      }
    }
  }

  @Test func pagesOfLargeEventsTellEachOnce() async throws {
    try await AuditWorld.run { world in
      try await fill(world)
      let everything = try await world.log.allEvents(at: places)
      #expect(everything.map(\.position) == places)
      for asked in [
        asking(), asking(by: "ada"), asking(type: "A"), asking(by: "ada", type: "A"),
        asking(in: "s-1"), asking(by: "bob", in: "s-1"), asking(by: "ada", type: "B", in: "s-0"),
        asking(by: "ada", in: "s-1"),
      ] {
        let expected = everything.filter(asked.matches).map(\.position)
        for limit in [3, 1000] {
          let forward = try await all(world, asked, .forward, limit)
          #expect(forward == expected, "\(asked) by \(limit)")
          let backward = try await all(world, asked, .backward, limit)
          #expect(backward == expected.reversed(), "\(asked) by \(limit), newest first")
        }
      }
    }
  }

  /// Where all is that is found, page by page.
  private func all(
    _ world: AuditWorld,
    _ asked: AuditCriteria,
    _ direction: Direction,
    _ limit: Int
  ) async throws -> [GlobalPosition] {
    var range = try await world.search.scope(of: asked, direction: direction).range
    var found: [GlobalPosition] = []
    while true {
      let page = try await world.search.page(asked, range, limit: limit)
      found += page.events.map(\.position)
      if page.isEnd { return found }
      range = range.beyond(page.scannedTo)
    }
  }

  @Test func largeEventsThatAreNotMeantCostWhatTheyHold() async throws {
    try await AuditWorld.run { world in
      try await fill(world)
      let watched = WatchedEngine(world.log)
      let search = AuditSearch(engine: watched, index: world.index)
      // Nothing that she did stands in his stream.
      let asked = asking(by: "ada", in: "s-1")
      let range = try await search.scope(of: asked, direction: .forward).range
      let page = try await search.page(asked, range, limit: 1000, bound: 1000)
      #expect(page.events.isEmpty)
      #expect(!page.isEnd)
      #expect(page.scannedTo > .start)
      #expect(watched.bytesFound <= EventLogLimits.pageBytes, "\(watched.bytesFound) bytes")
    }
  }

  @Test func eventsAtPositionsAreReadUpToTheirBound() async throws {
    try await AuditWorld.run { world in
      try await fill(world)
      let watched = WatchedEngine(world.log)
      let first = try await watched.allEvents(at: places, bound: 1)
      #expect(!first.isEmpty)
      #expect(first.map(\.position) == Array(places.prefix(first.count)))
      #expect(watched.bytesFound <= EventLogLimits.pageBytes, "\(watched.bytesFound) bytes")
      let none = try await watched.allEvents(at: [], bound: 1)
      #expect(none.isEmpty)
    }
  }
}
