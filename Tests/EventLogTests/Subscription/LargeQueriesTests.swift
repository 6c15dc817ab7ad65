import EventLogCore
import EventLogInMemory
import Testing

/// Subscriptions that ask for many types and tags.
@Suite struct LargeQueriesTests {
  @Test(.timeLimit(.minutes(1))) func aLargeQueryIsFollowed() async throws {
    let engine = InMemoryEventLog()
    let store = EventStore(engine)
    let query = EventQuery(
      (0..<200).map { EventQuery.Item(types: [EventType("N\($0)")], tags: ["all"]) }
        + [EventQuery.Item(types: ["Wanted"], tags: ["all", "even"])]
    )
    #expect(query.isLarge)
    func append(_ count: Int) async throws {
      let events = (0..<count).map { index in
        NewEvent(type: "Wanted", tags: index.isMultiple(of: 2) ? ["all", "even"] : ["all"])
      }
      _ = try await store.append(AppendRequest(to: "s", events))
    }
    func take(_ iterator: inout Subscription.Iterator, _ count: Int) async throws -> [UInt64] {
      var positions: [UInt64] = []
      while positions.count < count, let message = try await iterator.next() {
        guard case .events(let page) = message else { continue }
        positions += page.events.map(\.position.number)
      }
      return positions
    }
    // More than is read as a tail, then less.
    try await append(600)
    var iterator = store.subscribe(from: .beginning, matching: query).makeAsyncIterator()
    #expect(try await take(&iterator, 300) == (0..<300).map { UInt64(2 * $0 + 1) })
    try await append(20)
    #expect(try await take(&iterator, 10) == (300..<310).map { UInt64(2 * $0 + 1) })
    await engine.close()
  }
}
