internal import GRPCCore
internal import Synchronization

/// What the caller sends, part by part, as gRPC reads it.
struct CallInbound: AsyncSequence, Sendable {
  typealias Element = RPCRequestPart<[UInt8]>
  typealias Failure = any Error

  let parts: AsyncThrowingStream<Element, any Error>
  /// Told of each message that was taken.
  let onTaken: @Sendable () -> Void

  struct AsyncIterator: AsyncIteratorProtocol {
    var parts: AsyncThrowingStream<Element, any Error>.AsyncIterator
    let onTaken: @Sendable () -> Void

    mutating func next() async throws -> Element? { try await next(isolation: nil) }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(any Error) -> Element? {
      let part = try await parts.next(isolation: actor)
      if case .message = part { onTaken() }
      return part
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(parts: parts.makeAsyncIterator(), onTaken: onTaken)
  }
}

/// What is answered, part by part, as gRPC writes it; a writer waits while much is on its way.
final class CallOutbound: ClosableRPCWriterProtocol {
  typealias Element = RPCResponsePart<[UInt8]>

  /// Bytes that may wait for the caller's window; beyond, the writer waits.
  ///
  /// Reading goes on while a page is sent; and a caller that does not read costs no more than this
  /// and a message.
  static let highMark = 256 << 10
  /// Bytes that wait when the writer goes on; and beyond which it waits while the answers of its
  /// connection are too many together.
  private static let lowMark = 64 << 10

  /// What goes to the connection.
  enum Part: Sendable {
    case head(Metadata)
    case message([UInt8])
    case status(Status, Metadata)
    /// Nobody will say how the call ended.
    case abandoned
  }

  private struct State {
    var queued = 0
    var hasStatus = false
    var isClosed = false
    var nextWriter = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]

    mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
      defer { waiting = [:] }
      return Array(waiting.values)
    }
  }

  private let state = Mutex(State())
  private let room: AnswerRoom
  private let send: @Sendable (Part) -> Void

  /// - room: what all answers of the connection have together.
  init(_ room: AnswerRoom = AnswerRoom(), _ send: @escaping @Sendable (Part) -> Void) {
    self.room = room
    self.send = send
  }

  /// Bytes that wait.
  var queued: Int { state.withLock { $0.queued } }

  func write(_ element: Element) async throws {
    switch element {
    case .metadata(let metadata):
      _ = try take(0)
      send(.head(metadata))
    case .message(let message):
      let bytes = message.framed
      let queued = try take(bytes.count)
      let mark = room.add(bytes.count) ? Self.lowMark : Self.highMark
      send(.message(bytes))
      if queued > mark { try await drained(to: mark) }
    case .status(let status, let metadata):
      _ = try take(0)
      state.withLock { $0.hasStatus = true }
      send(.status(status, metadata))
    }
  }

  func write(contentsOf elements: some Sequence<Element>) async throws {
    for element in elements { try await write(element) }
  }

  func finish() async {
    if !state.withLock({ $0.hasStatus || $0.isClosed }) { send(.abandoned) }
  }

  func finish(throwing error: any Error) async { await finish() }

  /// So many bytes have gone out.
  func sent(_ count: Int) {
    let waiting = state.withLock { state in
      state.queued -= count
      return state.queued <= Self.lowMark ? state.takeWaiting() : []
    }
    room.remove(count)
    for writer in waiting { writer.resume() }
  }

  /// Nothing can be written any more; what was may still go out.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      return state.takeWaiting()
    }
    for writer in waiting { writer.resume() }
  }

  /// What waits never goes out.
  func drop() {
    close()
    let dropped = state.withLock { state in
      defer { state.queued = 0 }
      return state.queued
    }
    room.remove(dropped)
  }

  /// Adds bytes to those on their way; answers how many these are.
  private func take(_ count: Int) throws -> Int {
    try state.withLock { state in
      guard !state.isClosed else { throw Self.gone }
      state.queued += count
      return state.queued
    }
  }

  /// Waits until no more than `mark` bytes wait, if it is not so far.
  private func drained(to mark: Int) async throws {
    let writer = state.withLock { state in
      state.nextWriter += 1
      return state.nextWriter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = state.withLock { state in
          guard !state.isClosed, state.queued > mark, !Task.isCancelled else {
            return false
          }
          state.waiting[writer] = continuation
          return true
        }
        if !isWaiting { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: writer) }?.resume()
    }
    try Task.checkCancellation()
    if state.withLock({ $0.isClosed }) { throw Self.gone }
  }

  private static let gone = RPCError(code: .unavailable, message: "the caller went away")
}
