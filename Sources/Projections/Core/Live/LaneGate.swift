internal import MessagingCore

/// Lets a cut-over stop the lanes for a moment, and know that nothing commits meanwhile.
final class LaneGate: Sendable {
  private struct State {
    var pauses = 0
    var isRunning = false
  }
  private let state = Watched(State())

  /// Stops the lanes while `body` runs.
  func paused<R: Sendable>(_ body: () async throws -> R) async throws -> R {
    state.update { $0.pauses += 1 }
    defer { state.update { $0.pauses -= 1 } }
    _ = try await state.wait { !$0.isRunning }
    return try await body()
  }

  /// Runs `body` whenever no pause is asked for, and cancels it when one is; until cancelled.
  func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    while true {
      _ = try await state.wait { $0.pauses == 0 }
      let isMine = state.update { state in
        guard state.pauses == 0 else { return false }
        state.isRunning = true
        return true
      }
      guard isMine else { continue }
      defer { state.update { $0.isRunning = false } }
      try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await body()
          return true
        }
        group.addTask { [state] in
          _ = try await state.wait { $0.pauses > 0 }
          return false
        }
        do {
          _ = try await group.next()
        } catch {
          group.cancelAll()
          throw error
        }
        group.cancelAll()
        // Wait for the other without its complaint about being cancelled.
        while let result = await group.nextResult() {
          if case .failure(let error) = result, !(error is CancellationError) {
            try Task.checkCancellation()
            throw error
          }
        }
      }
    }
  }
}
