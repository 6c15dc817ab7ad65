internal import Synchronization

/// One caller who waits for the outcome of an append.
///
/// Cancelled before it was drained, the request is not written (law L46); later the caller waits
/// for the answer, which is at most one commit away.
final class AppendTicket: Sendable {
  typealias Answer = Result<AppendReceipt, EventLogError>

  private enum Phase {
    case fresh
    case waiting(UnsafeContinuation<Answer, Never>)
    case drained(UnsafeContinuation<Answer, Never>, isCancelled: Bool)
    case answered
    case cancelled
  }

  private let phase = Mutex<Phase>(.fresh)

  /// Registers the caller; false if it was cancelled already and has its answer.
  func wait(_ continuation: UnsafeContinuation<Answer, Never>) -> Bool {
    let isCancelled = phase.withLock { phase in
      if case .cancelled = phase { return true }
      phase = .waiting(continuation)
      return false
    }
    if isCancelled { continuation.resume(returning: .failure(.cancelled)) }
    return !isCancelled
  }

  /// Whether nobody waits for an answer any more.
  var isGone: Bool {
    phase.withLock { phase in
      switch phase {
      case .fresh, .waiting, .drained: false
      case .answered, .cancelled: true
      }
    }
  }

  /// Takes the request for planning; false if its caller has gone.
  func drain() -> Bool {
    phase.withLock { phase in
      switch phase {
      case .waiting(let continuation):
        phase = .drained(continuation, isCancelled: false)
        return true
      case .drained: return true
      case .fresh, .answered, .cancelled: return false
      }
    }
  }

  /// Lets the request wait again; false if its caller was cancelled meanwhile.
  ///
  /// It was not planned, and what it waits for may take long.
  func giveBack() -> Bool {
    let (isWaiting, cancelled): (Bool, UnsafeContinuation<Answer, Never>?) = phase.withLock {
      phase in
      switch phase {
      case .drained(let continuation, let isCancelled):
        phase = isCancelled ? .cancelled : .waiting(continuation)
        return (!isCancelled, isCancelled ? continuation : nil)
      case .fresh, .waiting: return (true, nil)
      case .answered, .cancelled: return (false, nil)
      }
    }
    cancelled?.resume(returning: .failure(.cancelled))
    return isWaiting
  }

  func answer(_ answer: Answer) {
    let continuation: UnsafeContinuation<Answer, Never>? = phase.withLock { phase in
      switch phase {
      case .waiting(let continuation), .drained(let continuation, _):
        phase = .answered
        return continuation
      case .fresh, .answered, .cancelled: return nil
      }
    }
    continuation?.resume(returning: answer)
  }

  func cancel() {
    let continuation: UnsafeContinuation<Answer, Never>? = phase.withLock { phase in
      switch phase {
      case .fresh:
        phase = .cancelled
        return nil
      case .waiting(let continuation):
        phase = .cancelled
        return continuation
      case .drained(let continuation, _):
        phase = .drained(continuation, isCancelled: true)
        return nil
      case .answered, .cancelled: return nil
      }
    }
    continuation?.resume(returning: .failure(.cancelled))
  }
}
