internal import CLinux
internal import Glibc

/// The only place that makes threads.
public enum Thread {
  /// Starts a detached thread that runs `body` to its end.
  ///
  /// - Parameters:
  ///   - name: shown by `top -H`; the kernel keeps 15 bytes.
  ///   - body: what the thread does; the thread ends when it returns.
  public static func start(name: String, body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
    var thread = pthread_t()
    let status = pthread_create(
      &thread,
      nil,
      { context in
        guard let context else { return nil }
        let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        weave_name_thread(start.name)
        start.body()
        return nil
      },
      start
    )
    precondition(status == 0, "the system refused a thread: errno \(status)")
    pthread_detach(thread)
  }

  /// Keeps the calling thread for so long; for threads that block, never for tasks.
  public static func sleep(for duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var rest = timespec()
    while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
  }

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
