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

  @Test func twoProjectionsOfOneTitleAreRefused() throws {
    let library = try Library(InMemoryReadModelEngine())
    #expect(throws: ReadModelError.self) { try library.runtime.register(Shelf()) }
  }
}
