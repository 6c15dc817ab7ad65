internal import EventLogCore
internal import Synchronization
internal import Testing

/// Takes messages of a subscription and checks what holds for each.
private struct Consumer {
  var iterator: Subscription.Iterator
  var events: [RecordedEvent] = []
  var messages: [SubscriptionMessage] = []

  init(_ subscription: Subscription) { iterator = subscription.makeAsyncIterator() }

  mutating func next() async throws -> SubscriptionMessage {
    let message = try #require(try await iterator.next())
    #expect(message.position >= messages.last?.position ?? .start, "a message goes back")
    messages.append(message)
    if case .events(let page) = message { events.append(contentsOf: page.events) }
    return message
  }

  mutating func take(_ count: Int) async throws {
    while events.count < count { _ = try await next() }
  }

  mutating func takeUntilLive() async throws {
    while true { if case .caughtUp = try await next() { return } }
  }
}

extension EventLogLaws {
  private static func settings(pageLimit: Int = 16) -> SubscriptionSettings {
    var settings = SubscriptionSettings()
    settings.pageLimit = pageLimit
    settings.pollInterval = .milliseconds(200)
    return settings
  }

  /// L31: every matching event once, ascending, through the hand-over, with 1,000 subscriptions.
  public static func L31_everyEventOnceAscending(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let store = EventStore(engine)
      for index in 0..<40 {
        try await engine.write(2, to: "s", tags: index.isMultiple(of: 2) ? ["even"] : ["odd"])
      }
      async let writing: Void = {
        for index in 0..<60 {
          try await engine.write(2, to: "s", tags: index.isMultiple(of: 2) ? ["even"] : ["odd"])
        }
      }()
      let received = try await race(1000) { index -> [UInt64] in
        let query: EventQuery = index.isMultiple(of: 2) ? .all : .tags("even")
        let start = GlobalPosition(UInt64(index % 50))
        let expected = index.isMultiple(of: 2) ? 200 - index % 50 : nil
        var consumer = Consumer(
          store.subscribe(from: .after(start), matching: query, settings: settings())
        )
        while consumer.messages.last?.position.number ?? 0 < 198 { _ = try await consumer.next() }
        if let expected { try await consumer.take(expected) }
        return consumer.events.map(\.position.number)
      }
      try await writing
      let log = try await engine.wholeLog()
      let even = log.filter { $0.hasTag("even") }.map(\.position.number)
      for positions in received {
        let first = try #require(positions.first)
        let all = Array(first...200)
        #expect(positions == all || positions == even.filter { $0 >= first })
      }
    }
  }

  /// L32: notifications are hints; polling alone suffices.
  public static func L32_pollingAloneSuffices(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      var faults = FaultyEngine.Faults()
      faults.losesWakeUps = true
      let store = EventStore(FaultyEngine(engine, faults))
      var settings = SubscriptionSettings()
      settings.pollInterval = .milliseconds(20)
      var consumer = Consumer(store.subscribe(from: .beginning, settings: settings))
      try await consumer.takeUntilLive()
      for round in 1...5 {
        try await engine.write(2, to: "s")
        try await consumer.take(2 * round)
      }
      #expect(consumer.events.map(\.position.number) == Array(1...10))
    }
  }

  /// L33: caught up after everything, fallen behind when too much waits, checkpoints in between.
  public static func L33_tellsWhereItStands(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let store = EventStore(engine)
      try await engine.write(40, to: "s")
      var consumer = Consumer(store.subscribe(from: .beginning, settings: settings()))
      try await consumer.takeUntilLive()
      #expect(consumer.events.count == 40)
      #expect(consumer.messages.last?.position == GlobalPosition(40))
      // More than four pages arrive while the consumer does nothing.
      try await engine.write(200, to: "s")
      var fell: GlobalPosition?
      while fell == nil {
        if case .fellBehind(let position) = try await consumer.next() { fell = position }
      }
      #expect(fell == consumer.events.last?.position)
      try await consumer.takeUntilLive()
      #expect(consumer.events.count == 240)
      #expect(consumer.messages.last?.position == GlobalPosition(240))

      // Nothing matches: by count of positions, and by time.
      var quick = settings()
      quick.checkpointInterval = .milliseconds(50)
      var idle = Consumer(
        store.subscribe(from: .end, matching: .tags("never"), settings: quick)
      )
      try await idle.takeUntilLive()
      try await engine.write(5000, to: "s")
      guard case .checkpoint(let far) = try await idle.next() else {
        Issue.record("no checkpoint after 5,000 positions")
        return
      }
      #expect(far == GlobalPosition(5240))
      try await engine.write(3, to: "s")
      guard case .checkpoint(let soon) = try await idle.next() else {
        Issue.record("no checkpoint after its interval")
        return
      }
      #expect(soon == GlobalPosition(5243))
      #expect(idle.events.isEmpty)
    }
  }

  /// L34: stalled subscribers hold nothing up and find everything when they go on.
  public static func L34_slowConsumersHoldNobodyUp(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let store = EventStore(engine)
      try await engine.write(1, to: "s")
      var consumers: [Consumer] = []
      for _ in 0..<100 {
        var consumer = Consumer(store.subscribe(from: .beginning, settings: settings()))
        try await consumer.takeUntilLive()
        consumers.append(consumer)
      }
      // All of them stand still while the log grows by far more than they may hold.
      for _ in 0..<20 { try await engine.write(100, to: "s") }
      for index in consumers.indices.prefix(5) {
        try await consumers[index].take(2001)
        let fell = consumers[index].messages.contains { message in
          if case .fellBehind = message { true } else { false }
        }
        #expect(fell)
        #expect(consumers[index].events.map(\.position.number) == Array(1...2001))
        for case .events(let page) in consumers[index].messages {
          #expect(page.events.count <= 16)
        }
      }
    }
  }

  /// L35: a feed that stands still is reported and begun anew.
  public static func L35_stallsAreLoud(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      var faults = FaultyEngine.Faults()
      faults.hangingReads = 2
      let store = EventStore(FaultyEngine(engine, faults))
      try await engine.write(5, to: "s")
      let stalls = SharedRecord<SubscriptionSettings.Stall>()
      var settings = settings()
      settings.stallLimit = .milliseconds(50)
      settings.onStall = { stall in stalls.append(stall) }
      var consumer = Consumer(store.subscribe(from: .beginning, settings: settings))
      try await consumer.take(5)
      let seen = stalls.all
      #expect(seen.count >= 2)
      #expect(seen.allSatisfy { $0.position == .start && $0.duration == .milliseconds(50) })
    }
  }

  /// L36: a start beyond the head waits; a checkpoint beyond its epoch is refused.
  public static func L36_startsAndCheckpoints(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let store = EventStore(engine)
      try await engine.write(3, to: "s")
      var ahead = Consumer(
        store.subscribe(from: .after(GlobalPosition(5)), settings: settings())
      )
      try await ahead.takeUntilLive()
      try await engine.write(4, to: "s")
      try await ahead.take(2)
      #expect(ahead.events.map(\.position.number) == [6, 7])

      let sound = store.checkpoint(at: GlobalPosition(6))
      var consumer = Consumer(store.subscribe(from: .checkpoint(sound), settings: settings()))
      try await consumer.take(1)
      #expect(consumer.events.map(\.position.number) == [7])
      let identity = engine.identity
      let later = LogCheckpoint(
        log: identity.id,
        epoch: identity.epoch + 1,
        position: GlobalPosition(1)
      )
      let foreign = LogCheckpoint(log: .make(), epoch: identity.epoch, position: .start)
      #expect(
        await ending(store.subscribe(from: .checkpoint(later)))
          == .logEpochChanged(head: GlobalPosition(7))
      )
      guard case .invalid = await ending(store.subscribe(from: .checkpoint(foreign))) else {
        Issue.record("a checkpoint of another log was taken")
        return
      }
    }
  }

  /// L32, L46: cancellation ends a waiting subscription at once.
  public static func L32_cancellationEndsAtOnce(_ fixture: EventLogFixture) async throws {
    try await fixture.withEngine { engine in
      let store = EventStore(engine)
      var settings = SubscriptionSettings()
      settings.pollInterval = .seconds(60)
      let subscription = store.subscribe(from: .beginning, settings: settings)
      let messages = SharedRecord<GlobalPosition>()
      let task = Task { () -> EventLogError? in
        var iterator = subscription.makeAsyncIterator()
        do throws(EventLogError) {
          while let message = try await iterator.next() { messages.append(message.position) }
          return nil
        } catch {
          return error
        }
      }
      try await eventually("the subscription goes live") { !messages.all.isEmpty }
      let clock = ContinuousClock()
      let begin = clock.now
      task.cancel()
      #expect(await task.value == .cancelled)
      #expect(clock.now - begin < .seconds(30), "it waited for its poll interval")
    }
  }

  /// The error with which a subscription ends.
  static func ending(_ subscription: Subscription) async -> EventLogError? {
    await refusal { () throws(EventLogError) in
      for try await _ in subscription {}
    }
  }
}

/// Values that callbacks and tasks leave for a law to look at.
final class SharedRecord<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  func append(_ value: Value) { values.withLock { $0.append(value) } }
  var all: [Value] { values.withLock { $0 } }
}
