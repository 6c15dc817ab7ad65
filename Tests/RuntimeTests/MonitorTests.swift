import Testing
import WeaveRuntime

@Suite struct MonitorTests {
  @Test(.timeLimit(.minutes(1))) func noChangeIsLost() async {
    let monitor = Monitor(0)
    let pool = BlockingPool(name: "test", threads: 4)
    defer { pool.shutdown() }
    await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask {
          await pool.run { for _ in 0..<1000 { monitor.withLock { $0 += 1 } } }
        }
      }
    }
    #expect(monitor.withLock { $0 } == 4000)
  }

  @Test(.timeLimit(.minutes(1))) func eachConditionWakesItsOwnWaiter() async {
    let monitor = Monitor<Set<Int>>([], conditions: 3)
    let pool = BlockingPool(name: "test", threads: 3)
    defer { pool.shutdown() }
    await withTaskGroup { group in
      for condition in 0..<3 {
        group.addTask {
          await pool.run { monitor.wait(for: condition) { $0.contains(condition) ? () : nil } }
        }
      }
      for condition in 0..<3 {
        monitor.withLock { _ = $0.insert(condition) }
        monitor.signal(condition)
      }
    }
    #expect(monitor.withLock { $0 } == [0, 1, 2])
  }

  @Test(.timeLimit(.minutes(1))) func aBoundedWaitEndsByASignalOrItsTime() async {
    let monitor = Monitor(0)
    let begin = ContinuousClock.now
    #expect(monitor.wait(atMost: .milliseconds(30)) { $0 == 1 ? "one" : nil } == nil)
    #expect(ContinuousClock.now - begin >= .milliseconds(30))
    #expect(monitor.wait(atMost: .zero) { $0 == 0 ? "none" : nil } == "none")
    let pool = BlockingPool(name: "test", threads: 1)
    defer { pool.shutdown() }
    async let found = pool.run { monitor.wait(atMost: .seconds(50)) { $0 == 1 ? "one" : nil } }
    monitor.withLock { $0 = 1 }
    monitor.signal()
    #expect(await found == "one")
  }

  @Test func whatIsTrueAlreadyIsNotWaitedFor() {
    #expect(Monitor(5).wait { $0 == 5 ? "five" : nil } == "five")
  }

  @Test func errorsComeThroughTheLock() {
    struct Refusal: Error {}
    let monitor = Monitor(1)
    #expect(throws: Refusal.self) { try monitor.withLock { _ in throw Refusal() } }
    #expect(monitor.withLock { $0 } == 1)
  }
}
