internal import Synchronization

/// Counts the reads under way, so that a store is closed behind the last of them.
final class ReadGate: Sendable {
  private struct State {
    var count = 0
    var isClosed = false
    var closers: [UnsafeContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// Lets a read in; false once the gate is closed.
  func enter() -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      state.count += 1
      return true
    }
  }

  func leave() {
    let closers = state.withLock { state in
      state.count -= 1
      guard state.count == 0 else { return [UnsafeContinuation<Void, Never>]() }
      defer { state.closers = [] }
      return state.closers
    }
    for closer in closers { closer.resume() }
  }

  /// Lets no more reads in and waits for those inside.
  func close() async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isEmpty = state.withLock { state in
        state.isClosed = true
        if state.count > 0 { state.closers.append(continuation) }
        return state.count == 0
      }
      if isEmpty { continuation.resume() }
    }
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }
}
