internal import Synchronization

/// Counts the calls under way, so that what they use is closed behind the last of them.
package final class CallGate: Sendable {
  private struct State {
    var count = 0
    var isClosed = false
    var closers: [UnsafeContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  package init() {}

  /// Lets a call in; false once the gate is closed.
  package func enter() -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      state.count += 1
      return true
    }
  }

  package func leave() {
    let closers = state.withLock { state in
      state.count -= 1
      guard state.count == 0 else { return [UnsafeContinuation<Void, Never>]() }
      defer { state.closers = [] }
      return state.closers
    }
    for closer in closers { closer.resume() }
  }

  /// Lets no more calls in and waits for those under way.
  package func close() async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isEmpty = state.withLock { state in
        state.isClosed = true
        if state.count > 0 { state.closers.append(continuation) }
        return state.count == 0
      }
      if isEmpty { continuation.resume() }
    }
  }

  package var isClosed: Bool { state.withLock { $0.isClosed } }
}
