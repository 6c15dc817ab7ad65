internal import EventLogConformance
internal import Testing

@Suite struct RemovalLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L49_removalIsAnEvent(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L49_removalIsAnEvent(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L50_readsStartAtTheFirstKept(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L50_readsStartAtTheFirstKept(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L51_removedAreSkippedOrHeaders(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L51_removedAreSkippedOrHeaders(fixture)
  }
}
