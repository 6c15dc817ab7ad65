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

  /// Whether a lane may go on that handled something in the first epoch, over what a filler left in
  /// the second, which began after position 100.
  private func isGood(handled: UInt64, filled: UInt64) throws -> Bool {
    let first = LogIdentity(id: .make(), epoch: 1)
    let next = first.next(endingAt: GlobalPosition(100))
    let lane = LaneID(
      handler: HandlerID(service: "test", name: "renewed", version: 1),
      partition: 0
    )
    let own = Checkpoint(log: first, floor: GlobalPosition(handled))
    let base = Checkpoint(log: next, floor: GlobalPosition(filled))
    let store = try ReadModelStore(InMemoryReadModelEngine())
    var batch = ReadModelBatch()
    batch.put(RowKeys.checkpoint(lane, of: 1), own.row)
    batch.put(RowKeys.base(of: 1, partition: 0), base.row)
    try store.engine.commit(batch, isSynced: false)
    let checkpoints = try store.checkpoints(of: lane.handler, in: 1)
    let found = try #require(checkpoints[0])
    #expect(found.floor == GlobalPosition(max(handled, filled)))
    return found.accepted(by: next) != nil
  }

  @Test func whatALaneLeftBeforeAnEpochDoesNotTakeBackWhatIsFilledSince() throws {
    #expect(try isGood(handled: 90, filled: 200))
    // It handled events that the log has lost.
    #expect(try !isGood(handled: 120, filled: 200))
  }
}
