internal import EventLogCore
internal import Testing

@Suite struct LogCheckpointTests {
  private let log = EventID.make()

  private func verdict(
    epoch: UInt64,
    position: UInt64,
    current: UInt64,
    ends: [UInt64]
  ) -> EventLogError? {
    let checkpoint = LogCheckpoint(
      log: log,
      epoch: epoch,
      position: GlobalPosition(position)
    )
    let identity = LogIdentity(
      id: log,
      epoch: current,
      epochEnds: ends.map { GlobalPosition($0) }
    )
    do throws(EventLogError) {
      try checkpoint.check(against: identity, head: GlobalPosition(50))
      return nil
    } catch {
      return error
    }
  }

  private let changed = EventLogError.logEpochChanged(head: GlobalPosition(50))

  @Test func aCheckpointOfThisEpochIsGood() {
    #expect(verdict(epoch: 3, position: 99, current: 3, ends: [1, 2]) == nil)
  }

  @Test func anEarlierEpochIsGoodUpToItsEnd() {
    #expect(verdict(epoch: 1, position: 20, current: 2, ends: [20]) == nil)
    #expect(verdict(epoch: 1, position: 21, current: 2, ends: [20]) == changed)
  }

  @Test func aLaterRestoreOfAnOlderBackupCounts() {
    #expect(verdict(epoch: 1, position: 15, current: 3, ends: [20, 10]) == changed)
    #expect(verdict(epoch: 1, position: 10, current: 3, ends: [20, 10]) == nil)
  }

  @Test func unknownEndsAndUnknownEpochsAreNotTrusted() {
    #expect(verdict(epoch: 1, position: 1, current: 2, ends: []) == changed)
    #expect(verdict(epoch: 4, position: 1, current: 3, ends: [20, 10]) == changed)
    #expect(verdict(epoch: 0, position: 1, current: 3, ends: [20, 10]) == changed)
  }

  @Test func anotherLogIsNoEpochOfThisOne() {
    let foreign = LogCheckpoint(log: .make(), epoch: 1, position: .start)
    #expect(throws: EventLogError.self) {
      try foreign.check(against: LogIdentity(id: log, epoch: 1), head: .start)
    }
  }
}
