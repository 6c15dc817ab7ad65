internal import Glibc

/// State behind one lock, with conditions that threads wait for.
///
/// For threads that block, never for tasks: a task that waited here would hold its executor.
/// `@unchecked Sendable`: `state` is touched only while `lock` is held.
public final class Monitor<State: Sendable>: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let conditions: UnsafeMutablePointer<pthread_cond_t>
  private let count: Int
  private var state: State

  /// Makes a monitor.
  ///
  /// - state: what it guards.
  /// - conditions: how many things are waited for; each has a number from 0.
  public init(_ state: State, conditions count: Int = 1) {
    self.state = state
    self.count = count
    conditions = .allocate(capacity: count)
    pthread_mutex_init(lock, nil)
    // Bounded waits go by a clock that nobody sets.
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    for index in 0..<count { pthread_cond_init(conditions + index, &attributes) }
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    for index in 0..<count { pthread_cond_destroy(conditions + index) }
    pthread_mutex_destroy(lock)
    conditions.deallocate()
    lock.deallocate()
  }

  /// Lends the state.
  public func withLock<R, Failure: Error>(
    _ body: (inout State) throws(Failure) -> R
  ) throws(Failure) -> R {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return try body(&state)
  }

  /// Wakes a thread that waits for `condition`; signal after the state was changed.
  public func signal(_ condition: Int = 0) {
    pthread_cond_signal(conditions + condition)
  }

  /// Lends the state again after every signal until `body` answers something or the time is over;
  /// nil then.
  public func wait<R>(
    for condition: Int = 0,
    atMost patience: Duration,
    _ body: (inout State) -> R?
  ) -> R? {
    var end = timespec()
    clock_gettime(CLOCK_MONOTONIC, &end)
    let (seconds, attoseconds) = patience.components
    let nanoseconds = Int64(end.tv_nsec) + attoseconds / 1_000_000_000
    end.tv_sec += Int(seconds + nanoseconds / 1_000_000_000)
    end.tv_nsec = Int(nanoseconds % 1_000_000_000)
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while true {
      if let result = body(&state) { return result }
      let status = pthread_cond_timedwait(conditions + condition, lock, &end)
      guard status != ETIMEDOUT else { return body(&state) }
    }
  }

  /// Lends the state again after every signal until `body` answers something.
  public func wait<R>(for condition: Int = 0, _ body: (inout State) -> R?) -> R {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while true {
      if let result = body(&state) { return result }
      pthread_cond_wait(conditions + condition, lock)
    }
  }
}
