internal import Synchronization

/// What passes from the client's thread to the reader of a stream, with backpressure.
///
/// The thread offers; a full buffer answers "pause". The reader takes everything at once and asks
/// the thread to go on.
final class Delivery: Sendable {
  typealias HeadResult = Result<HTTPHead, HTTPClientError>
  typealias BodyResult = Result<[UInt8]?, HTTPClientError>

  private struct State {
    var head: CheckedContinuation<HeadResult, Never>?
    var reader: CheckedContinuation<BodyResult, Never>?
    var bytes: [UInt8] = []
    var isPaused = false
    var end: Result<Void, HTTPClientError>?

    /// What the reader gets now; nil lets it wait.
    mutating func take() -> BodyResult? {
      if !bytes.isEmpty {
        defer { bytes = [] }
        return .success(bytes)
      }
      return end?.map { nil }
    }
  }

  private let id: UInt64
  private let loop: TransferLoop
  private let state = Mutex(State())

  init(id: UInt64, loop: TransferLoop) {
    self.id = id
    self.loop = loop
  }

  func awaitHead(_ continuation: CheckedContinuation<HeadResult, Never>) {
    state.withLock { $0.head = continuation }
  }

  /// The reader is gone: nobody would take what comes.
  func abandon() { loop.post(.cancel(id)) }

  func next() async throws(HTTPClientError) -> [UInt8]? {
    let result: BodyResult = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (result, isPaused) = state.withLock { state in
          let result = state.take()
          if result == nil { state.reader = continuation }
          defer { state.isPaused = false }
          return (result, state.isPaused)
        }
        if isPaused { loop.post(.resume(id)) }
        if let result { continuation.resume(returning: result) }
      }
    } onCancel: {
      loop.post(.cancel(id))
    }
    return try result.get()
  }

  // The rest is called by the client's thread.

  func receive(_ head: HTTPHead) {
    let waiter = state.withLock { $0.head.take() }
    waiter?.resume(returning: .success(head))
  }

  /// Takes bytes; false asks to offer them again after `.resume`.
  func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let (isTaken, reader, result) = state.withLock { state in
      guard state.bytes.count < HTTPClientLimits.unreadBytes else {
        state.isPaused = true
        return (false, CheckedContinuation<BodyResult, Never>?.none, BodyResult?.none)
      }
      state.bytes.append(contentsOf: bytes)
      guard let reader = state.reader.take() else { return (true, nil, nil) }
      return (true, reader, state.take())
    }
    if let reader, let result { reader.resume(returning: result) }
    return isTaken
  }

  func finish(_ end: Result<Void, HTTPClientError>) {
    let (head, reader, result) = state.withLock { state in
      state.end = end
      let reader = state.reader.take()
      return (state.head.take(), reader, reader == nil ? nil : state.take())
    }
    let missing = HTTPClientError(.connectionLost, "the answer ended before its headers")
    head?.resume(returning: end.flatMap { .failure(missing) })
    if let reader, let result { reader.resume(returning: result) }
  }
}
