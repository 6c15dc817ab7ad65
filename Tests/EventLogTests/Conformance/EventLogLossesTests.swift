internal import EventLogConformance
internal import Testing

@Suite struct EventLogLossesTests {
  @Test(arguments: EventLogFixture.available)
  func higherPositionVisibleFirst(fixture: EventLogFixture) async throws {
    try await EventLogLosses.higherPositionVisibleFirst(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func zeroLagWhileEventsMissing(fixture: EventLogFixture) async throws {
    try await EventLogLosses.zeroLagWhileEventsMissing(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func bulkPathChecksCondition(fixture: EventLogFixture) async throws {
    try await EventLogLosses.bulkPathChecksCondition(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func notifyLostWhenIdle(fixture: EventLogFixture) async throws {
    try await EventLogLosses.notifyLostWhenIdle(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func readerRestartsItself(fixture: EventLogFixture) async throws {
    try await EventLogLosses.readerRestartsItself(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func checkpointBehindRemoved(fixture: EventLogFixture) async throws {
    try await EventLogLosses.checkpointBehindRemoved(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func stalledConsumerIsLoud(fixture: EventLogFixture) async throws {
    try await EventLogLosses.stalledConsumerIsLoud(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func sameIdWithAny(fixture: EventLogFixture) async throws {
    try await EventLogLosses.sameIdWithAny(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func sameIdAtRightRevision(fixture: EventLogFixture) async throws {
    try await EventLogLosses.sameIdAtRightRevision(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func sameIdInTwoStreams(fixture: EventLogFixture) async throws {
    try await EventLogLosses.sameIdInTwoStreams(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func removedVisibleInAll(fixture: EventLogFixture) async throws {
    try await EventLogLosses.removedVisibleInAll(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func retryAfterUnknownOutcome(fixture: EventLogFixture) async throws {
    try await EventLogLosses.retryAfterUnknownOutcome(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func lateRetryAfterRetention(fixture: EventLogFixture) async throws {
    try await EventLogLosses.lateRetryAfterRetention(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func conditionAfterMaximum(fixture: EventLogFixture) async throws {
    try await EventLogLosses.conditionAfterMaximum(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func pageCeilingOverGap(fixture: EventLogFixture) async throws {
    try await EventLogLosses.pageCeilingOverGap(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func leadingGapProbed(fixture: EventLogFixture) async throws {
    try await EventLogLosses.leadingGapProbed(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func seekForPrevMisses(fixture: EventLogFixture) async throws {
    try await EventLogLosses.seekForPrevMisses(fixture)
  }
}
