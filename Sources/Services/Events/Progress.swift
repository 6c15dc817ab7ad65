internal import Synchronization

/// How often long work tells where it is.
enum Pace {
  /// Often enough for a bar to move, rarely enough to cost nothing.
  static let progress = Duration.milliseconds(200)
}

/// The newest value that work on another thread left.
final class Latest<Value: Sendable>: Sendable {
  private let state = Mutex<Value?>(nil)

  var value: Value? { state.withLock { $0 } }
  func set(_ value: Value) { state.withLock { $0 = value } }

  /// Runs `work`, and beside it tells the newest value at a pace; ends when `work` ends.
  func following<R: Sendable>(
    every pace: Duration,
    _ work: @escaping @Sendable () async throws -> R,
    tell: @escaping @Sendable (Value) async throws -> Void
  ) async throws -> R {
    try await withThrowingTaskGroup(of: R?.self) { group in
      group.addTask { try await work() }
      group.addTask { [self] in
        while true {
          try await Task.sleep(for: pace)
          if let value { try await tell(value) }
        }
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }
}
