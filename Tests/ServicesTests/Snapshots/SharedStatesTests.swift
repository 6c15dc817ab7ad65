import EventLogConformance
import EventLogCore
import EventLogInMemory
import EventLogRedis
import Foundation
import RedisDriver
import ServiceKit
import Synchronization
import Testing
import UsersService

/// Handlers of several processes over one log, with a store that every process may have.
@Suite(.timeLimit(.minutes(1))) struct SharedStatesTests {
  private static let worth = SnapshotQueue.worthEvents

  @Test func aSecondProcessReadsTheBeginningTheSnapshotAndTheTailAlone() async throws {
    let states = SharedStates()
    try await states.write(5000)
    try await saving(over: InMemorySnapshots()) { queue in
      let loaded = try await states.handler(queue).load(states.stream)
      #expect(states.log.takeCount() == 5000)
      let key = try states.key
      try await eventually("the state is shared") {
        await queue.store.snapshot(for: key)?.revision == loaded.revision
      }
      // Ten events that the snapshot does not know.
      let other = try states.handler(nil)
      for number in 0..<10 { _ = try await other.handle(states.edit("Later \(number)")) }
      _ = states.log.takeCount()
      let second = try await states.handler(queue).load(states.stream)
      // The beginning tells that the stream is long; the snapshot's own event is compared.
      #expect(states.log.takeCount() == Self.worth + 1 + 10)
      let truth = try await states.truth()
      #expect(second.state == truth.state)
      #expect(second.revision == truth.revision)
      #expect(second.position == truth.position)
    }
  }

  @Test func aStreamOfOneCallIsReadWithoutAskingAnybody() async throws {
    let states = SharedStates()
    try await states.write(Self.worth)
    let store = AskedStore()
    let queue = SnapshotQueue(store)
    _ = try await states.handler(queue).load(states.stream)
    #expect(states.log.takeCount() == Self.worth)
    #expect(store.questions == 0)
    _ = try await states.handler(nil).handle(states.edit("One more"))
    _ = try await states.handler(queue).load(states.stream)
    #expect(store.questions == 1)
  }

  @Test func statesAreSharedAgainOnlyAfterEnoughEvents() async throws {
    let states = SharedStates()
    try await states.write(Self.worth - 1)
    let queue = SnapshotQueue(InMemorySnapshots())
    let handler = try states.handler(queue)
    _ = try await handler.load(states.stream)
    #expect(queue.count == 0)
    _ = try await handler.handle(states.edit("Now it is long"))
    #expect(queue.count == 1)
    let running = Task { await queue.run() }
    let key = try states.key
    try await eventually("the state is shared") {
      await queue.store.snapshot(for: key)?.revision.number == UInt64(Self.worth - 1)
    }
    running.cancel()
    await running.value
    for number in 1..<Self.worth { _ = try await handler.handle(states.edit("\(number)")) }
    #expect(queue.count == 0)
    _ = try await handler.handle(states.edit("Enough"))
    #expect(queue.count == 1)
  }

  @Test func theQueueTakesItsLimitAndDropsWhatComesThen() {
    let queue = SnapshotQueue(InMemorySnapshots())
    let log = LogIdentity(id: .make(), epoch: 1)
    func key(_ number: Int) -> SnapshotKey {
      SnapshotKey(
        log: log,
        stream: StreamName("s\(number)"),
        shape: StateShape(name: "a", version: 1)
      )
    }
    for number in 0..<SnapshotQueue.limit { #expect(queue.save(key(number)) { nil }) }
    #expect(!queue.save(key(SnapshotQueue.limit)) { nil })
    // One that waits already takes the place of what waits.
    #expect(queue.save(key(0)) { nil })
    #expect(queue.count == SnapshotQueue.limit)
  }

  @Test func aSnapshotOfAnotherPastOrAheadOrOfARemovedBeginningIsPassedOver() async throws {
    let states = SharedStates()
    try await states.write(200)
    let truth = try await states.truth()
    let key = try states.key
    let page = try await states.log.read(
      states.stream,
      from: StreamRevision(150),
      direction: .forward,
      limit: 1
    )
    let event = try #require(page.events.first)
    var wrong = Account.State()
    wrong.standing = .registered
    wrong.username = "wrong"
    let bytes = try #require(try AccountStates.encode(wrong))
    func snapshot(
      _ revision: UInt64,
      _ position: GlobalPosition,
      _ id: EventID,
      _ state: [UInt8]
    ) -> Snapshot {
      Snapshot(
        key: key,
        revision: StreamRevision(revision),
        position: position,
        eventID: id,
        state: state
      )
    }
    let useless = [
      snapshot(150, event.position, .make(), bytes),
      snapshot(150, GlobalPosition(event.position.number + 1), event.id, bytes),
      snapshot(149, event.position, event.id, bytes),
      snapshot(100_000, event.position, event.id, bytes),
      snapshot(.max, event.position, event.id, bytes),
      snapshot(150, event.position, event.id, [0xFF, 0xFF]),
    ]
    for snapshot in useless {
      let store = InMemorySnapshots()
      await store.save([snapshot])
      try await saving(over: store) { queue in
        let loaded = try await states.handler(queue).load(states.stream)
        #expect(loaded.state == truth.state)
        #expect(loaded.revision == truth.revision)
        // It is replaced by a sound one.
        try await eventually("the useless one goes") {
          await store.snapshot(for: key)?.eventID != snapshot.eventID
            || store.count == 0
        }
      }
    }
    // A sound one, until the stream's beginning goes.
    let sound = try await Self.soundStore(states)
    _ = try await states.log.append(
      .truncating(states.stream, before: StreamRevision(10), expecting: .any)
    )
    let cut = try await states.truth()
    try await saving(over: sound) { queue in
      let loaded = try await states.handler(queue).load(states.stream)
      #expect(loaded.state == cut.state)
      #expect(loaded.state != truth.state)
    }
    _ = try await states.log.append(.tombstoning(states.stream, expecting: .any))
    await #expect(throws: EventLogError.streamTombstoned(states.stream)) {
      _ = try await states.handler(SnapshotQueue(sound)).load(states.stream)
    }
  }

  private static func soundStore(_ states: SharedStates) async throws -> InMemorySnapshots {
    let store = InMemorySnapshots()
    try await saving(over: store) { queue in
      _ = try await states.handler(queue).load(states.stream)
      try await eventually("the state is shared") { store.count == 1 }
    }
    return store
  }

  /// Keeps nothing and counts how often it is asked.
  private final class AskedStore: SnapshotStore {
    private let asked = Mutex(0)
    var questions: Int { asked.withLock { $0 } }
    func snapshot(for key: SnapshotKey) async -> Snapshot? {
      asked.withLock { $0 += 1 }
      return nil
    }
    func save(_ snapshots: [Snapshot]) async {}
    func forget(_ keys: [SnapshotKey]) async {}
  }
}
