internal import EventLogCore
internal import Synchronization

/// Asks one thing for all who ask at the same time.
///
/// Who comes while an answer is under way shares the next one, since that which is under way may
/// be older than the question: many readers of one head cost a call after the other, not one each.
final class SharedQuestion<Value: Sendable>: Sendable {
  typealias Answer = Result<Value, EventLogError>

  private struct State {
    var isAsking = false
    var waiting: [UnsafeContinuation<Answer, Never>] = []
  }

  private let state = Mutex(State())

  /// The answer to a question that is asked after this call.
  func answer(
    _ ask: @escaping @Sendable () async throws(EventLogError) -> Value
  ) async throws(EventLogError) -> Value {
    let answer: Answer = await withUnsafeContinuation { continuation in
      let begins = state.withLock { state in
        state.waiting.append(continuation)
        defer { state.isAsking = true }
        return !state.isAsking
      }
      if begins { Task { await self.askForAll(ask) } }
    }
    return try answer.get()
  }

  /// Asks until nobody waits any more.
  private func askForAll(_ ask: @Sendable () async throws(EventLogError) -> Value) async {
    while true {
      let asking = state.withLock { state in
        defer { state.waiting = [] }
        if state.waiting.isEmpty { state.isAsking = false }
        return state.waiting
      }
      guard !asking.isEmpty else { return }
      let answer: Answer
      do throws(EventLogError) {
        answer = .success(try await ask())
      } catch {
        answer = .failure(error)
      }
      for waiter in asking { waiter.resume(returning: answer) }
    }
  }
}
