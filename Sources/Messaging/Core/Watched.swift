internal import Synchronization
internal import WeaveRuntime

/// A value that tasks can wait upon.
package final class Watched<Value: Sendable>: Sendable {
  private struct Waiter {
    let isAsAsked: @Sendable (Value) -> Bool
    let continuation: CheckedContinuation<Void, Never>
  }
  private struct State {
    var value: Value
    var waiters: [UInt64: Waiter] = [:]
    var next: UInt64 = 0
  }
  private let state: Mutex<State>

  package init(_ value: Value) { state = Mutex(State(value: value)) }

  /// The value now.
  package var value: Value { state.withLock { $0.value } }

  /// Changes the value and wakes those who waited for what it is now.
  @discardableResult
  package func update<R: Sendable>(_ change: (inout Value) -> R) -> R {
    let (result, woken) = state.withLock { state in
      let result = change(&state.value)
      guard !state.waiters.isEmpty else { return (result, [Waiter]()) }
      // Many wait for different things: each is woken for its own alone.
      let value = state.value
      let woken = state.waiters.filter { $0.value.isAsAsked(value) }
      for number in woken.keys { state.waiters[number] = nil }
      return (result, Array(woken.values))
    }
    for waiter in woken { waiter.continuation.resume() }
    return result
  }

  /// Waits until the value is as asked and answers it.
  ///
  /// - Throws: `CancellationError`.
  package func wait(
    until isAsAsked: @escaping @Sendable (Value) -> Bool
  ) async throws -> Value {
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
            state.waiters[number] = Waiter(isAsAsked: isAsAsked, continuation: continuation)
            return false
          }
          if isReady { continuation.resume() }
        }
        return state.withLock { isAsAsked($0.value) ? $0.value : nil }
      } onCancel: {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume()
      }
      if let found { return found }
    }
  }

  /// Waits as long as `patience` lasts; nil if the value was not as asked by then.
  ///
  /// - Throws: `CancellationError`.
  package func wait(
    until isAsAsked: @escaping @Sendable (Value) -> Bool,
    within patience: Duration
  ) async throws -> Value? {
    let over = SharedFlag()
    let ticket = Deadlines.shared.after(patience) { [self] in
      over.raise()
      // Nothing changes but that the waiter has enough.
      update { _ in }
    }
    defer { Deadlines.shared.cancel(ticket) }
    let value = try await wait { over.isRaised || isAsAsked($0) }
    return isAsAsked(value) ? value : nil
  }
}

/// Goes up once.
private final class SharedFlag: Sendable {
  private let flag = Atomic(false)
  var isRaised: Bool { flag.load(ordering: .acquiring) }
  func raise() { flag.store(true, ordering: .releasing) }
}
