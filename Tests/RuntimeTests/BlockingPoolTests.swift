import Testing
import WeaveRuntime

@Suite struct BlockingPoolTests {
  private struct Refusal: Error, Equatable { let number: Int }

  @Test func resultsAndErrorsComeBack() async throws {
    let pool = BlockingPool(name: "test", threads: 2)
    defer { pool.shutdown() }
    #expect(await pool.run { 41 + 1 } == 42)
    await #expect(throws: Refusal(number: 3)) { try await pool.run { throw Refusal(number: 3) } }
  }

  @Test func eachThreadRunsOneJobAtATime() async {
    let pool = BlockingPool(name: "test", threads: 3)
    defer { pool.shutdown() }
    let running = Monitor((now: 0, most: 0))
    await withTaskGroup { group in
      for _ in 0..<60 {
        group.addTask {
          await pool.run {
            running.withLock { state in
              state.now += 1
              state.most = max(state.most, state.now)
            }
            // Three jobs at once are only seen if they really run side by side.
            running.withLock { $0.now -= 1 }
          }
        }
      }
    }
    #expect(running.withLock { $0.now } == 0)
    #expect((1...3).contains(running.withLock { $0.most }))
  }

  @Test(.timeLimit(.minutes(1))) func jobsBlockSideBySide() async {
    let pool = BlockingPool(name: "test", threads: 2)
    defer { pool.shutdown() }
    let met = Monitor(0)
    // Each waits for the other: on one thread this would never end.
    async let first: Void = pool.run { Self.meet(met) }
    async let second: Void = pool.run { Self.meet(met) }
    _ = await (first, second)
    #expect(met.withLock { $0 } == 2)
  }

  private static func meet(_ monitor: Monitor<Int>) {
    monitor.withLock { $0 += 1 }
    monitor.signal()
    monitor.wait { count in count == 2 ? () : nil }
  }

  @Test func oneThreadKeepsTheOrder() async {
    let pool = BlockingPool(name: "test", threads: 1)
    let order = Monitor<[Int]>([])
    let gate = Monitor(false)
    async let held: Void = pool.run { gate.wait { $0 ? () : nil } }
    for number in 0..<20 {
      // Queued one after the other, behind the job that holds the thread.
      Task.immediate { await pool.run { order.withLock { $0.append(number) } } }
    }
    gate.withLock { $0 = true }
    gate.signal()
    await held
    await pool.run {}
    #expect(order.withLock { $0 } == order.withLock { $0.sorted() })
    pool.shutdown()
  }

  /// Told by how many live.
  private final class Token: Sendable {
    private let living: Monitor<Int>

    init(_ living: Monitor<Int>) {
      self.living = living
      living.withLock { $0 += 1 }
    }

    deinit { living.withLock { $0 -= 1 } }
  }

  /// A pool whose jobs each queue the next one before they end; the last but one waits for `isOpen`.
  private struct Chain: Sendable {
    let pool = BlockingPool(name: "test", threads: 1)
    let living = Monitor(0)
    let gate = Monitor((isReached: false, isOpen: false))

    func queue(_ left: Int) {
      let token = Token(living)
      Task.immediate {
        await pool.run {
          withExtendedLifetime(token) {}
          guard left > 0 else { return }
          queue(left - 1)
          guard left == 1 else { return }
          gate.withLock { $0.isReached = true }
          gate.wait { $0.isOpen ? () : nil }
        }
      }
    }
  }

  /// The queue is never empty meanwhile.
  @Test(.timeLimit(.minutes(1))) func jobsThatWereRunAreLetGo() async throws {
    let chain = Chain()
    defer {
      chain.gate.withLock { $0.isOpen = true }
      chain.gate.signal()
      chain.pool.shutdown()
    }
    chain.queue(10_000)
    while !chain.gate.withLock({ $0.isReached }) { try await Task.sleep(for: .milliseconds(5)) }
    // Their callers are woken on a machine that may be busy.
    for _ in 0..<2000 where chain.living.withLock({ $0 }) >= 100 {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(chain.living.withLock { $0 } < 100)
  }

  @Test func afterShutdownJobsStillRun() async {
    let pool = BlockingPool(name: "test", threads: 1)
    pool.shutdown()
    #expect(await pool.run { 7 } == 7)
  }
}
