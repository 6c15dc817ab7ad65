import Synchronization
import Testing
import WeaveRuntime

@Suite struct DeadlinesTests {
  @Test(.timeLimit(.minutes(1))) func theTimeIsToldWhenItIsOver() async {
    let began = ContinuousClock.now
    await withCheckedContinuation { continuation in
      _ = Deadlines.shared.after(.milliseconds(30)) { continuation.resume() }
    }
    #expect(ContinuousClock.now - began >= .milliseconds(30))
  }

  @Test(.timeLimit(.minutes(1))) func whatIsCancelledIsNotTold() async {
    let told = Mutex<[String]>([])
    let ticket = Deadlines.shared.after(.milliseconds(20)) { told.withLock { $0.append("first") } }
    Deadlines.shared.cancel(ticket)
    await withCheckedContinuation { continuation in
      _ = Deadlines.shared.after(.milliseconds(60)) {
        told.withLock { $0.append("second") }
        continuation.resume()
      }
    }
    #expect(told.withLock { $0 } == ["second"])
  }

  @Test(.timeLimit(.minutes(1))) func aThreadThatFellAsleepIsWoken() async {
    for _ in 0..<2 {
      await withCheckedContinuation { continuation in
        _ = Deadlines.shared.after(.milliseconds(1)) { continuation.resume() }
      }
      await Deadlines.shared.untilAsleep()
    }
  }
}
