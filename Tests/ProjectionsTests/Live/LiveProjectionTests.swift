import EventLogCore
import MessagingCore
import ProjectionsConformance
import Testing

@testable import ProjectionsCore

@Suite struct LiveProjectionTests {
  @Test func whatIsAppendedIsReadAtItsPosition() async throws {
    let library = try Library(InMemoryReadModelEngine())
    try await library.running {
      for number in 0..<50 {
        let stream = StreamName("book-\(number)")
        let receipt = try await library.log.append(
          AppendRequest(to: stream, [Shelf.written("ann", "t\(number)")])
        )
        let title = try await library.shelf.read(
          atLeast: receipt.lastPosition,
          stream: number.isMultiple(of: 2) ? stream : nil,
          patience: .seconds(5)
        ) { view in
          try view.get(DocumentKey(stream.text), in: Shelf.books)?.title
        }
        #expect(title == "t\(number)")
      }
      #expect(try await library.shelf.digest().digest == library.freshDigest())
    }
  }

  @Test func aPositionBeyondTheHeadIsRefusedAtOnce() async throws {
    let library = try Library(InMemoryReadModelEngine())
    try await library.shelf.catchUp()
    await #expect(throws: ProjectionReadError.beyondHead(head: .start)) {
      try await library.shelf.read(
        atLeast: GlobalPosition(1),
        stream: nil,
        patience: .seconds(60)
      ) { _ in }
    }
  }

  @Test func aProjectionThatNobodyRunsLags() async throws {
    let library = try Library(InMemoryReadModelEngine())
    try await library.shelf.catchUp()
    try await Library.write(5, to: library.log)
    await #expect(throws: ProjectionReadError.lagging(applied: .start, lag: 5)) {
      try await library.shelf.read(
        atLeast: GlobalPosition(5),
        stream: nil,
        patience: .milliseconds(20)
      ) { _ in }
    }
  }

  @Test func anUnfilledGenerationIsNotRead() async throws {
    let library = try Library(InMemoryReadModelEngine())
    try await Library.write(5, to: library.log)
    await #expect(throws: ProjectionReadError.lagging(applied: .start, lag: 5)) {
      try await library.shelf.read { _ in }
    }
  }

  /// A filling of the live generation and a command do: what is remembered must be what was stored
  /// last, or a rebuild that was answered would be gone.
  @Test func whatChangesAtOnceIsRememberedInTheOrderOfTheStore() async throws {
    let library = try Library(InMemoryReadModelEngine())
    let shelf = library.shelf
    for round in 0..<500 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { try await shelf.change { row, _ in row.previous += 1 } } }
        try await group.waitForAll()
      }
      try #require(shelf.row.previous == 4 * UInt32(round + 1))
    }
  }

  @Test func twoProjectionsOfOneTitleAreRefused() throws {
    let library = try Library(InMemoryReadModelEngine())
    #expect(throws: ReadModelError.self) { try library.runtime.register(Shelf()) }
  }
}
