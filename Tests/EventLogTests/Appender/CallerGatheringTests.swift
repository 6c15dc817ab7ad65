import Testing
import WeaveRuntime

@testable import EventLogCore

/// The short wait behind a slow commit for the callers that it answered.
@Suite struct CallerGatheringTests {
  private static let slow = Duration.milliseconds(4)

  @Test func onlySlowCommitsOfSeveralCallersAreFollowedByAWait() {
    let slow = Self.slow
    var gathering = CallerGathering(slowCommit: slow)
    #expect(gathering.patience(behind: slow, answered: 2) == .milliseconds(2))
    #expect(gathering.patience(behind: slow - .nanoseconds(1), answered: 64) == nil)
    #expect(gathering.patience(behind: slow, answered: 1) == nil)
    #expect(gathering.patience(behind: .seconds(9), answered: 64) == CallerGathering.longest)
  }

  @Test func waitsThatDoNotPayAreLeftOut() {
    var gathering = CallerGathering(slowCommit: Self.slow)
    func pause() -> Int {
      var skipped = 0
      while gathering.patience(behind: Self.slow, answered: 10) == nil { skipped += 1 }
      return skipped
    }
    gathering.ended(came: 5, of: 10)
    #expect(pause() == 0)
    // Longer and longer, up to a bound.
    for expected in [2, 4, 8, 16, 32, 64, 64, 64] {
      gathering.ended(came: 4, of: 10)
      #expect(pause() == expected)
    }
    #expect(CallerGathering.longestPause == 64)
    gathering.ended(came: 10, of: 10)
    #expect(pause() == 0)
    gathering.ended(came: 0, of: 10)
    #expect(pause() == 2)
  }

  /// Whether they come in time or not, everybody is written once.
  @Test(.timeLimit(.minutes(1))) func callersWhoComeAgainAreWrittenOnce() async throws {
    let storage = StandInStorage()
    storage.state.withLock { $0.delay = .milliseconds(20) }
    let log = storage.engine()
    let (callers, rounds) = (16, 12)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        group.addTask {
          let request = AppendRequest(to: StreamName("s\(caller)"), [NewEvent(type: "T")])
          for _ in 0..<rounds { _ = try await log.append(request) }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await log.head().number == UInt64(callers * rounds))
    let commits = storage.state.withLock { $0.begun }
    #expect(commits >= rounds && commits <= callers * rounds)
    await log.close()
  }

  /// Whoever closes does not wait for callers who never come.
  @Test(.timeLimit(.minutes(1))) func aCloseEndsTheWait() async throws {
    for _ in 0..<20 {
      let storage = StandInStorage()
      storage.state.withLock { $0.delay = .milliseconds(4) }
      let log = storage.engine()
      async let first = log.append(AppendRequest(to: "a", [NewEvent(type: "T")]))
      async let second = log.append(AppendRequest(to: "b", [NewEvent(type: "T")]))
      _ = try await (first, second)
      await log.close()
      #expect(storage.state.withLock { $0.written } == 2)
    }
  }
}
