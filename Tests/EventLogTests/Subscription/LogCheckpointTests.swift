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

  /// What was handled behind the one restore is not in the other.
  @Test func twoRestoresOfOneBackupAreTwoEpochs() throws {
    let first = LogIdentity(id: log, epoch: 1)
    let (one, other) = (
      first.next(endingAt: GlobalPosition(10)), first.next(endingAt: GlobalPosition(10))
    )
    #expect(one.epochNumber == 2 && other.epochNumber == 2 && one != other)
    let handled = LogCheckpoint(log: log, epoch: one.epoch, position: GlobalPosition(12))
    try handled.check(against: one, head: GlobalPosition(50))
    #expect(throws: changed) { try handled.check(against: other, head: GlobalPosition(50)) }
    let before = LogCheckpoint(log: log, epoch: 1, position: GlobalPosition(10))
    try before.check(against: other, head: GlobalPosition(50))
    let third = one.next(endingAt: GlobalPosition(20))
    #expect(third.epochNumber == 3)
    try handled.check(against: third, head: GlobalPosition(50))
    try before.check(against: third, head: GlobalPosition(50))
  }

  @Test func anotherLogIsNoEpochOfThisOne() {
    let foreign = LogCheckpoint(log: .make(), epoch: 1, position: .start)
    #expect(throws: EventLogError.self) {
      try foreign.check(against: LogIdentity(id: log, epoch: 1), head: .start)
    }
  }
}
