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
    case drained(UnsafeContinuation<Answer, Never>)
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

  /// Takes the request for planning; false if its caller has gone.
  func drain() -> Bool {
    phase.withLock { phase in
      switch phase {
      case .waiting(let continuation):
        phase = .drained(continuation)
        return true
      case .drained: return true
      case .fresh, .answered, .cancelled: return false
      }
    }
  }

  func answer(_ answer: Answer) {
    let continuation: UnsafeContinuation<Answer, Never>? = phase.withLock { phase in
      switch phase {
      case .waiting(let continuation), .drained(let continuation):
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
      case .drained, .answered, .cancelled: return nil
      }
    }
    continuation?.resume(returning: .failure(.cancelled))
  }
}
