import EventLogCore
import EventLogInMemory
import Testing

@Suite struct InMemoryEventLogTests {
  @Test func whatIsAppendedIsRead() async throws {
    let log = InMemoryEventLog()
    let receipt = try await log.append(.numbered(1, to: "a"))
    #expect(receipt.firstPosition == GlobalPosition(1))
    let page = try await log.readAll(after: nil)
    #expect(page.events.count == 1)
    #expect(page.isEnd)
    await log.close()
    await #expect(throws: EventLogError.closed) { try await log.readAll(after: nil) }
  }
}
