internal import Synchronization

/// How many streams one handler has parked over all lanes, so that the bound is met exactly.
package final class ParkedCount: Sendable {
  private struct State {
    var count = 0
    var isRefusing = false
  }
  private let state = Mutex(State())
  private let bound: Int

  package init(bound: Int = MessagingLimits.parkedPerHandler) { self.bound = bound }

  package var count: Int { state.withLock { $0.count } }

  package func add(_ count: Int) { state.withLock { $0.count += count } }

  package func release(_ count: Int) { state.withLock { $0.count -= count } }

  /// Takes a place; once refused, only below `MessagingLimits.parkedResume` of the bound again.
  package func reserve() -> Bool {
    state.withLock { state in
      if state.isRefusing {
        let resume = Double(bound) * MessagingLimits.parkedResume
        guard Double(state.count) < resume else { return false }
        state.isRefusing = false
      }
      guard state.count < bound else {
        state.isRefusing = true
        return false
      }
      state.count += 1
      return true
    }
  }
}
