internal import DequeModule
internal import Synchronization

/// A queue between calls that never wait and one task that does.
///
/// It is bounded by its users: cores ask for one thing at a time.
final class Mailbox<Element: Sendable>: Sendable {
  private struct State {
    var elements: Deque<Element> = []
    var reader: CheckedContinuation<Void, Never>?
    var isClosed = false
  }
  private let state = Mutex(State())

  init() {}

  func push(_ element: Element) {
    state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.elements.append(element)
      return state.reader.take()
    }?.resume()
  }

  /// Ends the reader once it has taken what is there.
  func close() {
    state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.isClosed = true
      return state.reader.take()
    }?.resume()
  }

  /// The next element; nil once the mailbox is closed or the caller cancelled.
  func next() async -> Element? {
    while !Task.isCancelled {
      if let element = state.withLock({ $0.elements.popFirst() }) { return element }
      if state.withLock({ $0.isClosed }) { return nil }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            guard state.elements.isEmpty, !state.isClosed, !Task.isCancelled else { return true }
            state.reader = continuation
            return false
          }
          if isReady { continuation.resume() }
        }
      } onCancel: {
        state.withLock { $0.reader.take() }?.resume()
      }
    }
    return nil
  }
}
