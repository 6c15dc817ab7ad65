internal import Synchronization

/// Something an operator asked of the rebuild loop.
final class RebuildCommand: Sendable {
  enum Kind: Sendable {
    case start(RebuildComparison, keepsPrevious: Bool)
    case cancel
    case cutOver
    case rollBack
    case dropPrevious
  }

  let kind: Kind
  private let continuation: Mutex<CheckedContinuation<Void, any Error>?>

  init(_ kind: Kind, _ continuation: CheckedContinuation<Void, any Error>) {
    self.kind = kind
    self.continuation = Mutex(continuation)
  }

  /// Answers whoever asked; later answers are ignored.
  func answer(_ result: Result<Void, any Error>) {
    let continuation = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    continuation?.resume(with: result)
  }
}
