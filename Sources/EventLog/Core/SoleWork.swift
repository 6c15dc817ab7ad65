internal import Synchronization

/// Tells work on a thread, which belongs to no task, to stop; it looks between its steps.
package final class StopSign: Sendable {
  private let isCancelled = Atomic(false)
  private let isClosed = Atomic(false)
  private let followsTask: Bool

  /// - followsTask: for work that is part of the task that it is called in, which ends it too.
  package init(followsTask: Bool = false) { self.followsTask = followsTask }

  /// Whoever asked for the work does not want it any more.
  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  /// What the work is on is closed behind it.
  func close() { isClosed.store(true, ordering: .relaxed) }

  /// Throws `.cancelled` or `.closed` once the work is to stop.
  package func check() throws(EventLogError) {
    if isCancelled.load(ordering: .relaxed) || followsTask && Task.isCancelled {
      throw .cancelled
    }
    if isClosed.load(ordering: .relaxed) { throw .closed }
  }
}

/// Admits one work at a time: more of it would hold the disk and nobody would be served sooner.
final class SoleWork: Sendable {
  private struct State {
    var sign: StopSign?
    var isClosed = false
  }

  /// When to try again: such work takes seconds at least.
  private static let retryDelay = Duration.seconds(1)

  private let state = Mutex(State())

  /// Takes the turn, until `end`.
  ///
  /// - Throws: `.overloaded` while another has it.
  func begin() throws(EventLogError) -> StopSign {
    let sign = StopSign()
    let refusal: EventLogError? = state.withLock { state in
      guard !state.isClosed else { return .closed }
      guard state.sign == nil else { return .overloaded(retryAfter: Self.retryDelay) }
      state.sign = sign
      return nil
    }
    if let refusal { throw refusal }
    return sign
  }

  func end() { state.withLock { $0.sign = nil } }

  /// Admits no more, and tells the work under way to stop.
  func close() {
    state.withLock { state in
      state.isClosed = true
      state.sign?.close()
    }
  }
}
