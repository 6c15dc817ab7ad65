internal import Synchronization

/// A value that tasks can wait upon.
package final class Watched<Value: Sendable>: Sendable {
  private struct State {
    var value: Value
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var next: UInt64 = 0
  }
  private let state: Mutex<State>

  package init(_ value: Value) { state = Mutex(State(value: value)) }

  /// The value now.
  package var value: Value { state.withLock { $0.value } }

  /// Changes the value and lets every waiter look at it.
  @discardableResult
  package func update<R: Sendable>(_ change: (inout Value) -> R) -> R {
    let (result, waiters) = state.withLock { state in
      let result = change(&state.value)
      let waiters = state.waiters.values.map { $0 }
      state.waiters = [:]
      return (result, waiters)
    }
    for waiter in waiters { waiter.resume() }
    return result
  }

  /// Waits until the value is as asked and answers it.
  ///
  /// - Throws: `CancellationError`.
  package func wait(until isAsAsked: @Sendable (Value) -> Bool) async throws -> Value {
    while true {
      try Task.checkCancellation()
      let number = state.withLock { state in
        state.next += 1
        return state.next
      }
      let found: Value? = await withTaskCancellationHandler {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
          let isReady = state.withLock { state in
            guard !Task.isCancelled, !isAsAsked(state.value) else { return true }
            state.waiters[number] = continuation
            return false
          }
          if isReady { continuation.resume() }
        }
        return state.withLock { isAsAsked($0.value) ? $0.value : nil }
      } onCancel: {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
      }
      if let found { return found }
    }
  }
}
