internal import CLinux
internal import Glibc

/// A fixed set of threads for calls that block: C libraries, disk, password hashing.
///
/// The cooperative pool has one thread per core; a blocked call there would stall unrelated work.
/// - Units: `threads` counts operating-system threads, made at once and kept until `shutdown()`.
/// - Errors: `run` throws what its body throws, nothing of its own.
public final class BlockingPool: Sendable {
  private let queue: JobQueue
  private let name: String

  /// Starts the threads.
  ///
  /// - Parameters:
  ///   - name: shown by `top -H`; the kernel keeps 15 bytes.
  ///   - threads: how many calls may block at once.
  public init(name: String, threads: Int) {
    precondition(threads > 0, "a pool without threads would never run a job")
    self.name = name
    queue = JobQueue()
    for _ in 0..<threads { Thread.start(name: name, body: queue.drain) }
  }

  deinit { queue.close() }

  /// Runs `body` on one of the threads and resumes the caller with its result.
  public func run<R: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> R
  ) async throws(Failure) -> R {
    let result: Result<R, Failure> = await withCheckedContinuation { continuation in
      queue.push {
        do throws(Failure) {
          continuation.resume(returning: .success(try body()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  /// Lets the queued jobs finish, then ends the threads; later jobs run on the caller's thread.
  public func shutdown() { queue.close() }
}

/// A first-in-first-out queue of closures with a condition variable.
///
/// Two arrays, so that a job leaves the queue with its turn, however long the queue is never empty:
/// one is filled at its end, the other is emptied from its end.
///
/// `@unchecked Sendable`: `arrived`, `due` and `isClosed` are touched only while `lock` is held.
private final class JobQueue: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var arrived: [@Sendable () -> Void] = []
  /// Older than all that arrived since, the newest first.
  private var due: [@Sendable () -> Void] = []
  private var isClosed = false

  init() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(wake, nil)
  }

  deinit {
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(lock)
    wake.deallocate()
    lock.deallocate()
  }

  func push(_ job: @escaping @Sendable () -> Void) {
    pthread_mutex_lock(lock)
    guard !isClosed else {
      pthread_mutex_unlock(lock)
      return job()
    }
    arrived.append(job)
    pthread_cond_signal(wake)
    pthread_mutex_unlock(lock)
  }

  func close() {
    pthread_mutex_lock(lock)
    isClosed = true
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(lock)
  }

  /// The loop of one thread; ends when the queue is closed and empty.
  func drain() {
    while let job = pop() { job() }
  }

  private func pop() -> (@Sendable () -> Void)? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while due.isEmpty, arrived.isEmpty {
      if isClosed { return nil }
      pthread_cond_wait(wake, lock)
    }
    if due.isEmpty {
      swap(&due, &arrived)
      due.reverse()
    }
    return due.popLast()
  }
}
