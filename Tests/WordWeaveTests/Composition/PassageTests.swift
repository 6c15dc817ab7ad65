import GRPCCore
import Synchronization
import Testing

@testable import WordWeave

@Suite(.timeLimit(.minutes(1))) struct PassageTests {
  private struct Broken: Error {}

  /// A passage of two parts that is full, and a writer who waits.
  private func withFullPassage(
    _ body: (Passage<Int>, _ writing: Task<Void, any Error>) async throws -> Void
  ) async throws {
    let passage = Passage<Int>(room: 2)
    try await passage.send(1)
    try await passage.send(2)
    let hasWritten = Mutex(false)
    let writing = Task {
      try await passage.send(3)
      hasWritten.withLock { $0 = true }
    }
    try await Task.sleep(for: .milliseconds(20))
    #expect(!hasWritten.withLock { $0 }, "the writer goes on although there is no room")
    try await body(passage, writing)
  }

  @Test func aWriterGoesOnOnceThereIsRoom() async throws {
    try await withFullPassage { passage, writing in
      #expect(try await passage.next() == 1)
      try await writing.value
      passage.end()
      #expect(try await passage.next() == 2)
      #expect(try await passage.next() == 3)
      #expect(try await passage.next() == nil)
    }
  }

  @Test func aWriterWhoseReaderLeftIsToldSo() async throws {
    try await withFullPassage { passage, writing in
      passage.leave()
      await #expect(throws: RPCError.self) { try await writing.value }
      await #expect(throws: RPCError.self) { try await passage.send(4) }
    }
  }

  @Test func aWriterThatIsCancelledDoesNotWait() async throws {
    try await withFullPassage { _, writing in
      writing.cancel()
      await #expect(throws: CancellationError.self) { try await writing.value }
    }
  }

  @Test func aReaderThatIsCancelledDoesNotWait() async throws {
    let passage = Passage<Int>(room: 2)
    let reading = Task { try await passage.next() }
    reading.cancel()
    await #expect(throws: CancellationError.self) { try await reading.value }
  }

  @Test func anErrorComesBehindWhatWasWritten() async throws {
    let passage = Passage<Int>(room: 2)
    try await passage.send(1)
    passage.end(.failure(Broken()))
    passage.end()
    #expect(try await passage.next() == 1)
    await #expect(throws: Broken.self) { try await passage.next() }
  }

  /// A status is told although there is no room, and although its task was cancelled.
  @Test func whatComesOnceDoesNotWait() async throws {
    try await withFullPassage { passage, writing in
      try passage.put(9)
      #expect(try await passage.next() == 1)
      #expect(try await passage.next() == 2)
      #expect(try await passage.next() == 9)
      try await writing.value
    }
  }
}
