import EventLogCore
import EventLogInMemory
import Testing

@testable import EventsService

@Suite struct UmaDBBatchTests {
  /// Whoever follows a log waits with it for as long as nothing comes.
  @Test func anEmptyOneHoldsNoMemory() async throws {
    let engine = InMemoryEventLog()
    let event = NewEvent(type: "Happened", data: [UInt8](repeating: 1, count: 1 << 19))
    _ = try await engine.append(AppendRequest(to: "s", [event]))
    let page = try await engine.readAll(after: .start, limit: 1)
    let recorded = try #require(page.events.first)
    var batch = UmaDBBatch(size: nil)
    let full = batch.add(recorded)
    #expect(full == nil)
    let taken = batch.take()
    #expect(taken.message.count > 1 << 19)
    #expect(batch.message.capacity == 0)
  }
}
