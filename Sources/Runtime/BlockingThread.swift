/// One thread as an executor, for an actor whose work blocks.
///
/// An actor that returns it as its `unownedExecutor` always runs there, whoever calls it, so that
/// a C library that takes one thread at a time sees one, and a blocked call stalls nobody else.
public final class BlockingThread: SerialExecutor {
  private struct State: Sendable {
    var jobs: [UnownedJob] = []
    var isEnding = false
  }

  private let state = Monitor(State())

  /// Starts the thread.
  ///
  /// - Parameter name: shown by `top -H`; the kernel keeps 15 bytes.
  public init(name: String) {
    let state = state
    Thread.start(name: name) { [unowned(unsafe) self] in
      while true {
        let jobs: [UnownedJob] = state.wait { state in
          guard state.jobs.isEmpty else {
            defer { state.jobs = [] }
            return state.jobs
          }
          return state.isEnding ? [] : nil
        }
        guard !jobs.isEmpty else { return }
        // A job's actor holds the executor, so it is there while there are jobs.
        for job in jobs { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
      }
    }
  }

  deinit {
    state.withLock { $0.isEnding = true }
    state.signal()
  }

  /// Queues a job.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
    state.signal()
  }
}
