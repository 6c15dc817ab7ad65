internal import Synchronization

/// The highest position that is synced and may be read, and those who wait for it to grow.
///
/// Level-triggered: a wait asks for "greater than", so a wake-up cannot be missed (law L32).
final class PublishedHead: Sendable {
  typealias Answer = Result<GlobalPosition, EventLogError>

  private struct Waiter {
    let beyond: UInt64
    let continuation: UnsafeContinuation<Answer, Never>
  }

  private struct State {
    var head: UInt64
    // Once set, every wait ends with it.
    var end: EventLogError?
    var waiters: [UInt64: Waiter] = [:]
    var cancelled: Set<UInt64> = []
    var nextID: UInt64 = 0
  }

  private let state: Mutex<State>

  init(_ head: GlobalPosition) { state = Mutex(State(head: head.number)) }

  var value: GlobalPosition { GlobalPosition(state.withLock { $0.head }) }

  /// Raises the head and wakes who waited for it.
  func publish(_ head: UInt64) {
    let woken: [UInt64: Waiter] = state.withLock { state in
      // Nobody waits for what there is.
      guard head > state.head else { return [:] }
      state.head = head
      let woken = state.waiters.filter { $0.value.beyond < head }
      for id in woken.keys { state.waiters[id] = nil }
      return woken
    }
    for waiter in woken.values {
      waiter.continuation.resume(returning: .success(GlobalPosition(head)))
    }
  }

  /// Ends every wait, now and later, with an error; of several the first stays.
  func close(_ error: EventLogError = .closed) {
    let (woken, end) = state.withLock { state in
      let end = state.end ?? error
      state.end = end
      defer { state.waiters = [:] }
      return (state.waiters, end)
    }
    for waiter in woken.values { waiter.continuation.resume(returning: .failure(end)) }
  }

  /// Suspends until the head is greater than `position`.
  func wait(beyond position: GlobalPosition) async throws(EventLogError) -> GlobalPosition {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let answer: Answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        register(Waiter(beyond: position.number, continuation: continuation), id)
      }
    } onCancel: {
      cancel(id)
    }
    state.withLock { _ = $0.cancelled.remove(id) }
    return try answer.get()
  }

  private func register(_ waiter: Waiter, _ id: UInt64) {
    let answer: Answer? = state.withLock { state in
      if let end = state.end { return .failure(end) }
      if state.cancelled.contains(id) { return .failure(.cancelled) }
      if state.head > waiter.beyond { return .success(GlobalPosition(state.head)) }
      state.waiters[id] = waiter
      return nil
    }
    if let answer { waiter.continuation.resume(returning: answer) }
  }

  private func cancel(_ id: UInt64) {
    let waiter = state.withLock { state in
      state.cancelled.insert(id)
      return state.waiters.removeValue(forKey: id)
    }
    waiter?.continuation.resume(returning: .failure(.cancelled))
  }
}
