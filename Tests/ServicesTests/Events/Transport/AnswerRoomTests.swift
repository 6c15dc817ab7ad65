import Synchronization
import Testing

@testable import EventsService

@Suite(.timeLimit(.minutes(1))) struct AnswerRoomTests {
  /// Room for two places.
  private static let bytes = 2 * AnswerRoom.placeBytes

  @Test func placesEndWhereTheRoomDoes() async throws {
    let room = AnswerRoom(bytes: Self.bytes)
    #expect(room.enterAtOnce())
    #expect(room.enterAtOnce())
    #expect(!room.enterAtOnce())
    room.leave()
    // What is on its way takes room as well.
    #expect(!room.add(AnswerRoom.placeBytes))
    #expect(!room.enterAtOnce())
    room.remove(AnswerRoom.placeBytes)
    #expect(try await room.reading { 7 } == 7)
    #expect(room.enterAtOnce())
  }

  @Test func onlyWhatIsOnItsWayMakesItFull() {
    let room = AnswerRoom(bytes: Self.bytes)
    #expect(room.enterAtOnce())
    #expect(room.enterAtOnce())
    #expect(!room.isFull)
    #expect(!room.add(Self.bytes - 1))
    #expect(room.add(1))
    #expect(room.isFull)
    room.remove(1)
    #expect(!room.isFull)
  }

  private final class Order: Sendable {
    let numbers = Mutex<[Int]>([])
  }

  @Test func whoWaitsGetsItsPlaceInTurn() async throws {
    let room = AnswerRoom(bytes: AnswerRoom.placeBytes)
    _ = room.add(AnswerRoom.placeBytes)
    let order = Order()
    let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
    var readers: [Task<Void, any Error>] = []
    for number in 0..<3 {
      // On the spot, so that they ask in this order.
      readers.append(
        Task.immediate {
          try await room.reading {
            order.numbers.withLock { $0.append(number) }
            for await _ in ready { break }
          }
        }
      )
    }
    #expect(!room.enterAtOnce())
    room.remove(AnswerRoom.placeBytes)
    for _ in readers { isReady.yield() }
    for reader in readers { try await reader.value }
    #expect(order.numbers.withLock { $0 } == [0, 1, 2])
    #expect(room.enterAtOnce())
  }

  /// However many had a place before somebody has to wait for one.
  @Test func whoHadAPlaceIsNotLookedForAgain() async throws {
    let room = AnswerRoom(bytes: AnswerRoom.placeBytes)
    let before = 1000
    for _ in 0..<before {
      try await room.enter()
      room.leave()
    }
    #expect(room.enterAtOnce())
    let waiting = Task.immediate { try await room.reading { 1 } }
    #expect(room.first == UInt64(before + 1))
    room.leave()
    #expect(try await waiting.value == 1)
  }

  @Test func whoIsCancelledWhileItWaitsLeavesItsTurnToOthers() async throws {
    let room = AnswerRoom(bytes: AnswerRoom.placeBytes)
    #expect(room.enterAtOnce())
    let cancelled = Task.immediate { try await room.reading { 1 } }
    let waiting = Task.immediate { try await room.reading { 2 } }
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    room.leave()
    #expect(try await waiting.value == 2)
    let late = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await room.reading { 3 }
    }
    late.cancel()
    await #expect(throws: CancellationError.self) { try await late.value }
    #expect(room.enterAtOnce())
  }
}
