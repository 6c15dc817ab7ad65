internal import Synchronization

/// Asks one thing for all who ask the same at the same time.
///
/// Who comes while an answer is under way shares the next one, since that which is under way may
/// be older than the question: many readers of one head, or of one page behind it, cost a call
/// after the other, not one each. An answer that nobody waits for any more is given up, and who has
/// come meanwhile gets one that is asked for anew.
package final class SharedQuestions<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private typealias Answer = Result<Value, EventLogError>
  private typealias Waiter = UnsafeContinuation<Answer, Never>
  private typealias Waiters = [UInt64: Waiter]
  private typealias Ask = @Sendable () async throws(EventLogError) -> Value

  private struct Question {
    let number: UInt64
    let asking: Task<Void, Never>
    let ask: Ask
    // Those whose answer is under way, and those who share the next one.
    var asked: Waiters = [:]
    var waiting: Waiters
  }

  private struct State {
    var questions: [Key: Question] = [:]
    var cancelled: Set<UInt64> = []
    var last: UInt64 = 0

    /// A new number, for an asker or a question.
    mutating func number() -> UInt64 {
      last += 1
      return last
    }
  }

  private let state = Mutex(State())

  package init() {}

  /// The answer to a question that is asked after this call.
  package func answer(
    _ key: Key,
    _ ask: @escaping @Sendable () async throws(EventLogError) -> Value
  ) async throws(EventLogError) -> Value {
    let id = state.withLock { $0.number() }
    let answer: Answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in join(key, id, continuation, ask) }
    } onCancel: {
      leave(key, id)
    }
    state.withLock { _ = $0.cancelled.remove(id) }
    return try answer.get()
  }

  private func join(
    _ key: Key,
    _ id: UInt64,
    _ continuation: Waiter,
    _ ask: @escaping Ask
  ) {
    let isCancelled = state.withLock { state in
      if state.cancelled.contains(id) { return true }
      if state.questions[key] == nil {
        state.questions[key] = question(key, id, ask, for: [id: continuation])
      } else {
        state.questions[key]?.waiting[id] = continuation
      }
      return false
    }
    if isCancelled { continuation.resume(returning: .failure(.cancelled)) }
  }

  /// A question whose task begins when the caller gives the lock back.
  private func question(
    _ key: Key,
    _ number: UInt64,
    _ ask: @escaping Ask,
    for waiting: Waiters
  ) -> Question {
    let asking = Task { await askForAll(key, number, ask) }
    return Question(number: number, asking: asking, ask: ask, waiting: waiting)
  }

  private func leave(_ key: Key, _ id: UInt64) {
    let (continuation, asking) = state.withLock { state -> (Waiter?, Task<Void, Never>?) in
      state.cancelled.insert(id)
      guard var left = state.questions[key] else { return (nil, nil) }
      let wasAsked = left.asked[id] != nil
      guard
        let continuation = left.asked.removeValue(forKey: id)
          ?? left.waiting.removeValue(forKey: id)
      else { return (nil, nil) }
      guard left.asked.isEmpty, wasAsked || left.waiting.isEmpty else {
        state.questions[key] = left
        return (continuation, nil)
      }
      // What is under way may never come: those who share the next answer do not wait for it.
      state.questions[key] =
        left.waiting.isEmpty ? nil : question(key, state.number(), left.ask, for: left.waiting)
      return (continuation, left.asking)
    }
    asking?.cancel()
    continuation?.resume(returning: .failure(.cancelled))
  }

  /// Asks until nobody waits any more.
  private func askForAll(
    _ key: Key,
    _ number: UInt64,
    _ ask: Ask
  ) async {
    while begin(key, number) {
      let answer: Answer
      do throws(EventLogError) {
        answer = .success(try await ask())
      } catch {
        answer = .failure(error)
      }
      for continuation in end(key, number) { continuation.resume(returning: answer) }
    }
  }

  /// Takes up those who wait; false, and the question is gone, if there are none.
  private func begin(_ key: Key, _ number: UInt64) -> Bool {
    state.withLock { state in
      guard var question = state.questions[key], question.number == number else { return false }
      guard !question.waiting.isEmpty else {
        state.questions[key] = nil
        return false
      }
      question.asked = question.waiting
      question.waiting = [:]
      state.questions[key] = question
      return true
    }
  }

  private func end(_ key: Key, _ number: UInt64) -> Waiters.Values {
    state.withLock { state in
      guard state.questions[key]?.number == number else { return Waiters().values }
      defer { state.questions[key]?.asked = [:] }
      return state.questions[key]?.asked.values ?? Waiters().values
    }
  }
}
