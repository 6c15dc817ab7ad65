import Synchronization
import Testing
import WeaveRuntime

@Suite struct GatheringTests {
  /// Runs jobs at once, and notes how they came.
  private final class Noting: GatheringExecutor {
    let handed = Mutex<[Int]>([])

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      if let gathering = Gathering.current { return gathering.add(job, for: self) }
      enqueue([job])
    }

    func enqueue(_ jobs: [UnownedJob]) {
      handed.withLock { $0.append(jobs.count) }
      for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }

  /// A task on an executor that waits to be resumed.
  private struct Waiting {
    let continuation: UnsafeContinuation<Void, Never>
    let task: Task<Void, Never>

    init(on executor: Noting) {
      // Written before `immediate` returns: the task begins on this thread.
      nonisolated(unsafe) var found: UnsafeContinuation<Void, Never>?
      task = Task.immediate(executorPreference: executor) {
        await withUnsafeContinuation { continuation in found = continuation }
      }
      guard let continuation = found else { preconditionFailure("the task did not begin at once") }
      self.continuation = continuation
    }
  }

  @Test func jobsOfAnExecutorComeTogether() async {
    let (one, other) = (Noting(), Noting())
    let tasks = (0..<6).map { Waiting(on: $0 % 3 == 0 ? other : one) }
    Gathering.run {
      for task in tasks { task.continuation.resume() }
      // One within another is part of it.
      Gathering.run { #expect(Gathering.current != nil) }
      #expect(one.handed.withLock { $0 }.isEmpty && other.handed.withLock { $0 }.isEmpty)
    }
    for task in tasks { await task.task.value }
    #expect(one.handed.withLock { $0 } == [4])
    #expect(other.handed.withLock { $0 } == [2])
    #expect(Gathering.current == nil)
  }

  @Test func outsideJobsAreHandedOnAtOnce() async {
    let executor = Noting()
    let tasks = (0..<3).map { _ in Waiting(on: executor) }
    for task in tasks { task.continuation.resume() }
    for task in tasks { await task.task.value }
    #expect(executor.handed.withLock { $0 } == [1, 1, 1])
  }
}
