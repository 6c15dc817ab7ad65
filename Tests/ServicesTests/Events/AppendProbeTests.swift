import EventLogCore
import EventLogInMemory
import EventsService
import Testing

@Suite struct AppendProbeTests {
  @Test func itTellsWhyALogTakesNoAppends() async throws {
    let log = InMemoryEventLog()
    let probe = AppendProbe(engine: log)
    let before = await probe.failure()
    #expect(before == nil)
    let head = try await log.head()
    #expect(head == .start)
    await log.close()
    let after = await probe.failure()
    #expect(after == EventLogError.closed.description)
  }

  @Test func healthIsAskedForOnceInAWhile() async throws {
    let log = InMemoryEventLog()
    let health = AppendHealth(engine: log)
    let before = await health.works()
    #expect(before)
    await log.close()
    while await health.works() { try await Task.sleep(for: .milliseconds(50)) }
  }
}
