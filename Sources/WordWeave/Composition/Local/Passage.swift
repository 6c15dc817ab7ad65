internal import GRPCCore
internal import MessagingCore

/// What passes from one end of a call to the other, in its order, with room for a few parts.
///
/// A writer that is ahead waits, so that a slow reader costs no memory; when the reader has left,
/// the writer is told. One task reads.
final class Passage<Part: Sendable>: Sendable {
  private struct State: Sendable {
    var parts: [Part] = []
    /// How it ended; nothing follows the parts that are still there.
    var end: Result<Void, any Error>?

    mutating func put(_ part: Part) -> Bool {
      guard end == nil else { return false }
      parts.append(part)
      return true
    }

    mutating func take() -> Result<Part?, any Error> {
      guard parts.isEmpty else { return .success(parts.removeFirst()) }
      return (end ?? .success(())).map { nil }
    }
  }

  private let room: Int
  private let state = Watched(State())

  init(room: Int) { self.room = room }

  /// Hands a part over; waits while there is no room.
  ///
  /// Several writers at once may each be one part ahead.
  ///
  /// - Throws: `RPCError` once the passage has ended or its reader has left; `CancellationError`.
  func send(_ part: Part) async throws {
    _ = try await state.wait { [room] in $0.parts.count < room || $0.end != nil }
    try put(part)
  }

  /// Hands over, without waiting, what comes once in a call: a task that was cancelled has to be able
  /// to say how its call ended.
  func put(_ part: Part) throws {
    guard state.update({ $0.put(part) }) else {
      throw RPCError(code: .unavailable, message: "the other end of the call went away")
    }
  }

  /// Nothing will follow; the first end counts.
  func end(_ end: Result<Void, any Error> = .success(())) {
    state.update { state in
      if state.end == nil { state.end = end }
    }
  }

  /// The reader has left: what waits is dropped, and who writes on is told.
  func leave() {
    state.update { state in
      state.parts = []
      if state.end == nil { state.end = .failure(CancellationError()) }
    }
  }

  /// The next part; nil at the end.
  ///
  /// - Throws: what it ended with; `CancellationError`.
  func next() async throws -> Part? {
    _ = try await state.wait { !$0.parts.isEmpty || $0.end != nil }
    return try state.update { $0.take() }.get()
  }
}

extension Passage: AsyncSequence {
  typealias Element = Part
  typealias Failure = any Error

  struct AsyncIterator: AsyncIteratorProtocol {
    let passage: Passage<Part>

    mutating func next() async throws -> Part? { try await next(isolation: nil) }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(any Error) -> Part? {
      try await passage.next()
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(passage: self) }
}
