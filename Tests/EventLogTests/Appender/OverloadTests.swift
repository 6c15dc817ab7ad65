internal import EventLogConformance
internal import EventLogCore
internal import Testing
internal import WeaveRuntime

@Suite struct OverloadTests {
  /// An engine whose first commit hangs and whose next is full: whatever comes waits.
  private func stuck() async throws -> (StandInStorage, PipelinedEventLog, [Task<Void, any Error>])
  {
    let storage = StandInStorage()
    storage.state.withLock { $0.isOpen = false }
    let log = storage.engine()
    let first = append(.some(1, bytes: 1), to: log)
    try await until("the first commit hangs") { storage.state.withLock { $0.begun == 1 } }
    let second = append(.some(EventLogLimits.requestEvents, bytes: 1), to: log)
    try await until("the commit behind it is full") {
      log.waiting.requests == 0 && log.planned.number == Self.stuckEvents
    }
    return (storage, log, [first, second])
  }

  private static let stuckEvents = UInt64(1 + EventLogLimits.requestEvents)

  private func append(_ request: AppendRequest, to log: PipelinedEventLog) -> Task<Void, any Error>
  {
    Task { _ = try await log.append(request) }
  }

  private func until(_ what: String, _ condition: () -> Bool) async throws {
    for _ in 0..<20_000 where !condition() { try await Task.sleep(for: .milliseconds(1)) }
    try #require(condition(), "\(what)")
  }

  private func expectOverloaded(_ log: PipelinedEventLog, _ request: AppendRequest) async {
    do throws(EventLogError) {
      _ = try await log.append(request)
      Issue.record("the append was taken")
    } catch {
      guard case .overloaded(let delay) = error else {
        Issue.record("expected `overloaded`, found \(error)")
        return
      }
      #expect(delay >= .milliseconds(10) && delay <= .seconds(2))
    }
  }

  @Test(.timeLimit(.minutes(1))) func oneRequestTooManyIsOverloaded() async throws {
    var (storage, log, tasks) = try await stuck()
    for _ in 0..<EventLogLimits.queuedRequests { tasks.append(append(.some(1, bytes: 1), to: log)) }
    try await until("the queue is full") {
      log.waiting.requests == EventLogLimits.queuedRequests
    }
    await expectOverloaded(log, .some(1, bytes: 1))
    storage.open()
    // Everything that was taken is written, what was refused is not.
    for task in tasks { try await task.value }
    let expected = Self.stuckEvents + UInt64(EventLogLimits.queuedRequests)
    #expect(try await log.head().number == expected)
    // And there is room again.
    _ = try await log.append(.some(1, bytes: 1))
    await log.close()
  }

  @Test(.timeLimit(.minutes(1))) func tooManyBytesAreOverloaded() async throws {
    var (storage, log, tasks) = try await stuck()
    for count in 1...4 {
      tasks.append(append(.some(16, bytes: 1_000_000), to: log))
      try await until("\(count) wait") { log.waiting.requests == count }
    }
    #expect(log.waiting.bytes <= EventLogLimits.queuedBytes)
    await expectOverloaded(log, .some(16, bytes: 1_000_000))
    // A small one still fits.
    tasks.append(append(.some(1, bytes: 1), to: log))
    try await until("the small one waits") { log.waiting.requests == 5 }
    storage.open()
    for task in tasks { try await task.value }
    await log.close()
  }

  @Test(.timeLimit(.minutes(1))) func whoLeavesTheQueueIsNotWritten() async throws {
    let (storage, log, tasks) = try await stuck()
    let leaving = append(.some(1, bytes: 1), to: log)
    try await until("it waits") { log.waiting.requests == 1 }
    leaving.cancel()
    await #expect(throws: EventLogError.cancelled) { try await leaving.value }
    storage.open()
    for task in tasks { try await task.value }
    await log.close()
    let written = storage.state.withLock { $0.written }
    #expect(written == Self.stuckEvents)
  }

  /// What a condition holds counts as well, and those that hold much leave room for the others.
  @Test(.timeLimit(.minutes(1))) func hugeConditionsAreOverloadedLongBeforeTheirCount() async throws
  {
    let storage = StandInStorage()
    storage.state.withLock { $0.isAnswering = false }
    let log = storage.engine()
    let query = EventQuery(
      (0..<256).map { item in
        EventQuery.Item(types: (0..<EventLogLimits.queryTypes).map { EventType("\(item)-\($0)") })
      }
    )
    func request(_ number: Int) -> AppendRequest {
      AppendRequest(
        to: StreamName("s\(number)"),
        [NewEvent(type: "T")],
        condition: AppendCondition(failIfMatches: query)
      )
    }
    let cost = PreparedRequest(request(0)).largeCost
    #expect(cost > 1 << 20)
    let fitting = PreparedCondition.costBound / cost
    #expect((2..<64).contains(fitting))
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<fitting { tasks.append(append(request(number), to: log)) }
    try await until("those that fit wait") { log.waiting.requests == fitting }
    await expectOverloaded(log, request(fitting))
    // Who has no such condition is not even kept waiting.
    _ = try await log.append(.some(1, bytes: 1))
    storage.answer()
    for task in tasks { try await task.value }
    #expect(log.waiting.bytes == 0)
    await log.close()
  }

  @Test(.timeLimit(.minutes(1))) func whoHasLeftIsNotLookedUp() async throws {
    let storage = StandInStorage()
    storage.state.withLock { $0.isAnswering = false }
    let log = storage.engine()
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<4 {
      let request = AppendRequest(to: StreamName("s\(number)"), [NewEvent(type: "T")])
      tasks.append(append(request, to: log))
      try await until("it waits, the first in the store") {
        log.waiting.requests == number + 1 && storage.state.withLock { $0.asked } == 1
      }
    }
    for task in tasks[1...2] {
      task.cancel()
      await #expect(throws: EventLogError.cancelled) { try await task.value }
    }
    storage.answer()
    for task in [tasks[0], tasks[3]] { try await task.value }
    #expect(storage.state.withLock { $0.answered } == 2)
    await log.close()
    #expect(storage.state.withLock { $0.written } == 2)
  }
}

extension AppendRequest {
  fileprivate static func some(_ events: Int, bytes: Int) -> AppendRequest {
    let event = NewEvent(type: "Queued", data: Array(repeating: 7, count: bytes))
    return AppendRequest(to: nil, Array(repeating: event, count: events))
  }
}
