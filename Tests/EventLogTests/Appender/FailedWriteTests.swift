internal import EventLogCore
internal import Testing
internal import WeaveRuntime

@Suite struct FailedWriteTests {
  @Test(.timeLimit(.minutes(1))) func L44_aFailedWriteEndsTheEngine() async throws {
    let storage = StandInStorage()
    let log = storage.engine()
    _ = try await log.append(Self.request())
    storage.state.withLock { state in
      state.isOpen = false
      state.failingWrite = 2
    }
    // Several callers: some share the commit that fails, the others stand behind it.
    let appends = (0..<64).map { _ in
      Task { () async -> Outcome in await Self.outcome(of: log) }
    }
    for _ in 0..<20_000 where storage.state.withLock({ $0.begun < 2 }) {
      try await Task.sleep(for: .milliseconds(1))
    }
    storage.open()
    var unknown = 0
    for append in appends {
      switch await append.value {
      case .unknown: unknown += 1
      case .unavailable: break
      case .other(let what): Issue.record("\(what)")
      }
    }
    #expect(unknown > 0)
    // No appends until it is opened again, the head stays, and nothing is tried a second time.
    guard case .unavailable = await Self.outcome(of: log) else {
      Issue.record("an append was taken after a failed write")
      return
    }
    #expect(try await log.head() == GlobalPosition(1))
    await log.close()
    #expect(storage.state.withLock { $0.begun } == 2)
  }

  /// A repeat that shares the commit that fails with what it repeats knows as little of it.
  @Test(.timeLimit(.minutes(1))) func L44_aRepeatInAFailedWriteIsNotCalledUnwritten() async throws {
    let storage = StandInStorage()
    let log = storage.engine()
    storage.state.withLock { state in
      state.isOpen = false
      state.failingWrite = 2
    }
    let first = Task { await Self.outcome(of: log) }
    for _ in 0..<20_000 where storage.state.withLock({ $0.begun < 1 }) {
      try await Task.sleep(for: .milliseconds(1))
    }
    let request = Self.request()
    let repeats = (0..<4).map { _ in
      Task { () async -> EventLogError? in
        do throws(EventLogError) {
          _ = try await log.append(request)
          return nil
        } catch {
          return error
        }
      }
    }
    try await until("all of them wait") { log.waiting.requests + Int(log.planned.number) >= 2 }
    try await Task.sleep(for: .milliseconds(100))
    storage.open()
    for each in repeats {
      let error = await each.value
      if case .outcomeUnknown? = error {} else { Issue.record("\(String(describing: error))") }
    }
    _ = await first.value
    await log.close()
  }

  enum Outcome: Sendable {
    case unknown
    case unavailable
    case other(String)
  }

  static func outcome(of log: any EventLogEngine, bytes: Int = 1) async -> Outcome {
    do throws(EventLogError) {
      let receipt = try await log.append(request(bytes: bytes))
      return .other("written at \(receipt.lastPosition)")
    } catch {
      switch error {
      case .outcomeUnknown: return .unknown
      case .unavailable: return .unavailable
      default: return .other("\(error)")
      }
    }
  }

  static func request(bytes: Int = 1) -> AppendRequest {
    AppendRequest(
      to: "s",
      [NewEvent(id: .make(), type: "T", data: (0..<bytes).map { UInt8($0 & 0xFF) })]
    )
  }
}
