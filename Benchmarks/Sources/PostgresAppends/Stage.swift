internal import Measuring
internal import Synchronization

/// Where a run is: all workers look, one task moves it.
final class Stage: Sendable {
  private let isMeasured = Atomic(false)
  private let isOver = Atomic(false)
  private let finished = Mutex<Window?>(nil)
  private static let look = Duration.milliseconds(1)

  var counts: Bool { isMeasured.load(ordering: .relaxed) }
  var goesOn: Bool { !isOver.load(ordering: .relaxed) }
  /// The time that was measured, once it is over.
  var window: Window? { finished.withLock { $0 } }

  func pass(_ options: Options) async throws {
    // However it ends: workers must not go on for ever.
    defer { isOver.store(true, ordering: .relaxed) }
    var window = Window(warmUp: options.warmUp, seconds: options.seconds)
    while !window.isOver {
      try await Task.sleep(for: Self.look)
      window.advance()
      isMeasured.store(window.isOpen, ordering: .relaxed)
    }
    finished.withLock { $0 = window }
  }
}
