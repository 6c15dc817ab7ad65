import EventLogConformance
import EventLogCore
import EventLogInMemory
import Synchronization
import Testing

/// What many subscriptions of one store cost the engine.
@Suite struct SharedSubscriptionsTests {
  private static let count = 500

  private func eventually(_ condition: () -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while !condition() {
      try #require(ContinuousClock.now < end, "waited in vain")
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  @Test func theyWaitTogetherAndReadWhatIsNewOnce() async throws {
    let engine = CountedEngine()
    let store = EventStore(engine)
    // Each follows a tag of its own; the engine's filters would read for each.
    let followers = Followers(Self.count)
    let subscriptions = (0..<Self.count).map { index in
      Task {
        for try await message in store.subscribe(
          from: .beginning,
          matching: .tags(Tag("t\(index)"))
        ) {
          switch message {
          case .events(let page):
            let positions = page.events.map(\.position.number)
            followers.add(positions, to: index)
          case .caughtUp: followers.goLive()
          default: break
          }
        }
      }
    }
    try await eventually { followers.live == Self.count }
    try await eventually { engine.waits == 1 }
    let before = engine.reads
    // One event for each, in one request that fits what a tail is.
    let wanted = [3, 99, 250, 499]
    let events = wanted.map { NewEvent(type: "Happened", tags: [Tag("t\($0)")]) }
    _ = try await store.append(AppendRequest(to: "s", events))
    try await eventually { wanted.allSatisfy { !followers.positions[$0].isEmpty } }
    try await eventually { engine.waits == 1 }
    for (place, index) in wanted.enumerated() {
      #expect(followers.positions[index] == [UInt64(place + 1)])
    }
    #expect(followers.positions.count { $0.isEmpty } == Self.count - wanted.count)
    let reads = engine.reads - before
    #expect(reads < Self.count / 5, "\(reads) reads for \(Self.count) subscriptions")
    for subscription in subscriptions { subscription.cancel() }
    for subscription in subscriptions { _ = await subscription.result }
    try await eventually { engine.waits == 0 }
    await engine.close()
  }

  @Test func whoHasJustCaughtUpMayStillTakeSmallPages() async throws {
    let engine = InMemoryEventLog()
    let store = EventStore(engine)
    var settings = SubscriptionSettings()
    settings.pageLimit = 3
    var all = store.subscribe(from: .beginning, settings: settings).makeAsyncIterator()
    var even = store.subscribe(from: .beginning, matching: .tags("even"), settings: settings)
      .makeAsyncIterator()
    _ = try await (all.next(), even.next())
    let events = (0..<200).map { index in
      NewEvent(type: "Happened", tags: index.isMultiple(of: 2) ? ["even"] : [])
    }
    _ = try await store.append(AppendRequest(to: "s", events))
    func take(_ iterator: inout Subscription.Iterator, _ count: Int) async throws -> [UInt64] {
      var positions: [UInt64] = []
      while positions.count < count, let message = try await iterator.next() {
        guard case .events(let page) = message else { continue }
        #expect(page.events.count <= 3)
        positions += page.events.map(\.position.number)
      }
      return positions
    }
    #expect(try await take(&all, 200) == Array(1...200))
    #expect(try await take(&even, 100) == (0..<100).map { UInt64(2 * $0 + 1) })
    await engine.close()
  }
}

/// What each of many subscriptions has seen.
private final class Followers: Sendable {
  private struct State {
    var live = 0
    var positions: [[UInt64]]
  }

  private let state: Mutex<State>

  init(_ count: Int) { state = Mutex(State(positions: Array(repeating: [], count: count))) }

  var live: Int { state.withLock { $0.live } }
  var positions: [[UInt64]] { state.withLock { $0.positions } }

  func goLive() { state.withLock { $0.live += 1 } }

  func add(_ positions: [UInt64], to index: Int) {
    state.withLock { $0.positions[index] += positions }
  }
}

/// A log in memory that counts what is asked of it.
private final class CountedEngine: EngineWrapper {
  private struct Counts {
    var waits = 0
    var reads = 0
  }

  let base: any EventLogEngine = InMemoryEventLog()
  private let counts = Mutex(Counts())

  var waits: Int { counts.withLock { $0.waits } }
  var reads: Int { counts.withLock { $0.reads } }

  func readAll(
    after: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    counts.withLock { $0.reads += 1 }
    return try await base.readAll(
      after: after,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  func head(beyond: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
    guard beyond != nil else { return try await base.head() }
    counts.withLock { $0.waits += 1 }
    defer { counts.withLock { $0.waits -= 1 } }
    return try await base.head(beyond: beyond)
  }
}
