import GRPCCore
import Synchronization
import Testing

@testable import EventsService

@Suite(.timeLimit(.minutes(1))) struct CallOutboundTests {
  private static let large = [UInt8](repeating: 1, count: CallOutbound.highMark)

  /// An answer whose writer waits: more than may be under way was written.
  private func withFullAnswer(
    _ body: (CallOutbound, _ writing: Task<Void, any Error>) async throws -> Void
  ) async throws {
    let parts = Mutex(0)
    let outbound = CallOutbound { _ in parts.withLock { $0 += 1 } }
    let hasWritten = Mutex(false)
    let writing = Task {
      try await outbound.write(.message(Self.large))
      hasWritten.withLock { $0 = true }
    }
    #expect(try await holds { parts.withLock { $0 } == 1 })
    try await Task.sleep(for: .milliseconds(20))
    #expect(!hasWritten.withLock { $0 }, "the writer goes on although nothing was sent")
    try await body(outbound, writing)
  }

  @Test func aWriterGoesOnOnceEnoughIsSent() async throws {
    try await withFullAnswer { outbound, writing in
      outbound.sent(Self.large.count)
      try await writing.value
    }
  }

  @Test func aWriterThatIsCancelledDoesNotWaitForTheCaller() async throws {
    try await withFullAnswer { _, writing in
      writing.cancel()
      await #expect(throws: CancellationError.self) { try await writing.value }
    }
  }

  @Test func aWriterWhoseCallerIsGoneIsToldSo() async throws {
    try await withFullAnswer { outbound, writing in
      outbound.close()
      await #expect(throws: RPCError.self) { try await writing.value }
      await #expect(throws: RPCError.self) { try await outbound.write(.message([1])) }
    }
  }

  @Test func aWriterWaitsForLessWhileTheRoomIsFull() async throws {
    let room = AnswerRoom(bytes: 1 << 20)
    let outbound = CallOutbound(room) { _ in }
    let small = [UInt8](repeating: 1, count: CallOutbound.highMark / 2)
    // Another answer of the connection has taken nearly all.
    #expect(!room.add(1 << 20 - small.count))
    let hasWritten = Mutex(false)
    let writing = Task {
      try await outbound.write(.message(small))
      hasWritten.withLock { $0 = true }
    }
    #expect(try await holds { room.isFull })
    try await Task.sleep(for: .milliseconds(20))
    #expect(!hasWritten.withLock { $0 }, "the writer goes on although nothing was sent")
    outbound.sent(outbound.queued)
    try await writing.value
    #expect(!room.isFull)
    // With room again the same goes without waiting.
    room.remove(1 << 20 - small.count)
    try await outbound.write(.message(small))
    outbound.drop()
    #expect(outbound.queued == 0)
    await #expect(throws: RPCError.self) { try await outbound.write(.message(small)) }
  }

  @Test(arguments: [false, true]) func anAnswerWithoutItsEndIsAbandoned(hasStatus: Bool)
    async throws
  {
    let abandoned = Mutex(0)
    let outbound = CallOutbound { part in
      if case .abandoned = part { abandoned.withLock { $0 += 1 } }
    }
    if hasStatus { try await outbound.write(.status(Status(code: .ok, message: ""), [:])) }
    await outbound.finish()
    #expect(abandoned.withLock { $0 } == (hasStatus ? 0 : 1))
  }
}
