import EventLogConformance
import EventLogCore
import MessagingCore
import Testing

@testable import ProjectionsCore

/// A read model whose log begins an epoch while it is filled, as after a failover without loss.
@Suite(.timeLimit(.minutes(2))) struct RenewedLogTests {
  @Test func whatIsFilledAfterAnEpochBeganIsKept() async throws {
    let rationed = RationedLog(refuses: false)
    let log = RenewedEngine(rationed)
    let engine = InMemoryReadModelEngine()
    let library = try Library(engine, log: log)
    try await Library.write(2 * FillLimits.pageEvents, to: log)
    let head = try await log.head()
    rationed.give(pages: 1)
    async let filling: Void = library.shelf.catchUp()
    let first = GlobalPosition(UInt64(FillLimits.pageEvents))
    while (try await library.shelf.status().filling?.position ?? .start) < first {
      try await Task.sleep(for: .milliseconds(1))
    }
    log.beginEpoch(after: first)
    rationed.give(pages: .max)
    try await filling

    // As a process finds it that starts again.
    let status = try await Library(engine, log: log).shelf.status()
    #expect(status.generation == 1)
    #expect(status.applied == head)
  }
}
