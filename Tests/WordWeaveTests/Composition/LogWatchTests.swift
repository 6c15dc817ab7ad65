import EventLogConformance
import EventLogCore
import EventLogInMemory
import Synchronization
import Testing

@testable import WordWeave

@Suite(.timeLimit(.minutes(1))) struct LogWatchTests {
  @Test func aProcessWhoseLogLostWhatItReadEnds() async throws {
    let log = LosingLog()
    let watch = LogWatch(log: log, place: "postgres://here/log")
    log.fail(.logEpochChanged(head: GlobalPosition(7)))
    let error = await #expect(throws: CommandError.self) { try await watch.run() }
    #expect(error?.code == .unavailable)
    #expect(error?.description.contains("postgres://here/log") == true)
    #expect(error?.advice == "start it again")
  }

  @Test func aLogThatIsAwayForAWhileEndsNothing() async throws {
    let log = LosingLog()
    log.fail(.unavailable("the server is away"))
    let watching = Task { try await LogWatch(log: log, place: "here").run() }
    while log.asked == 0 { try await Task.sleep(for: .milliseconds(1)) }
    watching.cancel()
    await #expect(throws: CancellationError.self) { try await watching.value }
  }
}

/// A log whose head cannot be told, for a reason.
private final class LosingLog: EngineWrapper {
  private struct State {
    var error: EventLogError?
    var asked = 0
  }

  let base: any EventLogEngine = InMemoryEventLog()
  private let state = Mutex(State())

  var asked: Int { state.withLock { $0.asked } }

  func fail(_ error: EventLogError) { state.withLock { $0.error = error } }

  func head(beyond position: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
    let error = state.withLock { state in
      state.asked += 1
      return state.error
    }
    if let error { throw error }
    return try await base.head(beyond: position)
  }
}
