internal import Glibc

/// An executor that takes several jobs at the price of one.
public protocol GatheringExecutor: TaskExecutor {
  /// Runs the jobs in their order.
  func enqueue(_ jobs: [UnownedJob])
}

/// What one thread hands to others, kept until it has something for all of them.
///
/// A thread that resumes many tasks one after the other wakes those who run them as often: they have
/// run the first and sleep again before the second comes. Within `run` an executor is handed all its
/// jobs at the end, together.
///
/// `@unchecked Sendable`: used by the thread that began it alone.
public final class Gathering: @unchecked Sendable {
  private var parts: [(executor: any GatheringExecutor, jobs: [UnownedJob])] = []

  private init() {}

  /// Runs `body` on this thread, which may resume tasks and must not wait for them; one within
  /// another is part of it.
  public static func run(_ body: () -> Void) {
    guard current == nil else { return body() }
    let gathering = Gathering()
    pthread_setspecific(key, Unmanaged.passUnretained(gathering).toOpaque())
    body()
    pthread_setspecific(key, nil)
    for part in gathering.parts { part.executor.enqueue(part.jobs) }
  }

  /// What this thread gathers for; nil if it hands on at once.
  public static var current: Gathering? {
    pthread_getspecific(key).map { Unmanaged<Gathering>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Keeps a job for its executor.
  public func add(_ job: UnownedJob, for executor: any GatheringExecutor) {
    // Loops are few.
    for index in parts.indices where parts[index].executor === executor {
      parts[index].jobs.append(job)
      return
    }
    parts.append((executor, [job]))
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = pthread_key_create(&key, nil)
    precondition(status == 0, "no thread-local storage: \(status)")
    return key
  }()
}
