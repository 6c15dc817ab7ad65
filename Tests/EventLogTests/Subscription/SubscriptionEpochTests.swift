import EventLogConformance
import EventLogCore
import EventLogInMemory
import Testing

/// Subscriptions from a checkpoint, while the log begins an epoch.
@Suite(.timeLimit(.minutes(1))) struct SubscriptionEpochTests {
  /// A log of three events.
  private static func log() async throws -> RenewedEngine {
    let log = RenewedEngine(InMemoryEventLog())
    try await write(3, to: log)
    return log
  }

  private static func write(_ count: Int, to log: RenewedEngine) async throws {
    let events = (0..<count).map { _ in NewEvent(type: "Happened") }
    _ = try await log.append(AppendRequest(to: "s", events))
  }

  /// Takes messages until one of them gets to a position; answers the positions of the events.
  private static func take(
    _ messages: inout Subscription.Iterator,
    through position: UInt64
  ) async throws(EventLogError) -> [UInt64] {
    var events: [UInt64] = []
    while let message = try await messages.next() {
      if case .events(let page) = message { events += page.events.map(\.position.number) }
      if message.position >= GlobalPosition(position) { break }
    }
    return events
  }

  @Test func L36_aCheckpointBeyondTheHeadIsRefusedOnceItsEpochEndedBeforeIt() async throws {
    let log = try await Self.log()
    let store = EventStore(log)
    // Handled on a server that the log has lost with its last two events.
    let lost = store.checkpoint(at: GlobalPosition(5))
    var messages = store.subscribe(from: .checkpoint(lost)).makeAsyncIterator()
    // Good as far as anybody knows: it waits.
    #expect(try await Self.take(&messages, through: 5) == [])
    log.beginEpoch(after: GlobalPosition(3))
    try await Self.write(4, to: log)
    for _ in 0..<2 {
      do throws(EventLogError) {
        let events = try await Self.take(&messages, through: 7)
        Issue.record("it went on with \(events)")
      } catch {
        #expect(error == .logEpochChanged(head: GlobalPosition(7)))
      }
    }
    await log.close()
  }

  @Test func L36_aSubscriptionGoesOnThroughEpochsThatLostNothing() async throws {
    let log = try await Self.log()
    let store = EventStore(log)
    let handled = store.checkpoint(at: GlobalPosition(2))
    var messages = store.subscribe(from: .checkpoint(handled)).makeAsyncIterator()
    #expect(try await Self.take(&messages, through: 3) == [3])
    for head in [UInt64(3), 5, 7] {
      log.beginEpoch(after: GlobalPosition(head))
      try await Self.write(2, to: log)
      #expect(try await Self.take(&messages, through: head + 2) == [head + 1, head + 2])
    }
    await log.close()
  }

  @Test func L36_aStartThatNamesNoEpochWaitsThroughOne() async throws {
    let log = try await Self.log()
    let store = EventStore(log)
    var messages = store.subscribe(from: .after(GlobalPosition(5))).makeAsyncIterator()
    #expect(try await Self.take(&messages, through: 5) == [])
    log.beginEpoch(after: GlobalPosition(3))
    try await Self.write(4, to: log)
    #expect(try await Self.take(&messages, through: 7) == [6, 7])
    await log.close()
  }
}
