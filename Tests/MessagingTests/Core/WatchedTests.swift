import MessagingCore
import Synchronization
import Testing

@Suite struct WatchedTests {
  @Test(.timeLimit(.minutes(1))) func eachWaiterIsWokenForItsOwn() async throws {
    let watched = Watched(0)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 1...50 {
        group.addTask { try await watched.wait { $0 >= number } }
      }
      for _ in 1...50 {
        watched.update { $0 += 1 }
        await Task.yield()
      }
      var found = 0
      for try await value in group {
        #expect((1...50).contains(value))
        found += 1
      }
      #expect(found == 50)
    }
  }

  @Test(.timeLimit(.minutes(1))) func patienceEnds() async throws {
    let watched = Watched("no")
    #expect(try await watched.wait(until: { $0 == "yes" }, within: .milliseconds(20)) == nil)
    watched.update { $0 = "yes" }
    #expect(try await watched.wait(until: { $0 == "yes" }, within: .milliseconds(20)) == "yes")
  }

  @Test(.timeLimit(.minutes(1))) func whoIsInTimeIsAnswered() async throws {
    let watched = Watched(0)
    async let answer = watched.wait(until: { $0 == 3 }, within: .seconds(30))
    for _ in 0..<3 {
      await Task.yield()
      watched.update { $0 += 1 }
    }
    #expect(try await answer == 3)
  }

  @Test(.timeLimit(.minutes(1))) func whoIsCancelledThrows() async throws {
    let watched = Watched(0)
    let waiting = Task { try await watched.wait(until: { $0 == 1 }, within: .seconds(60)) }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }
}
