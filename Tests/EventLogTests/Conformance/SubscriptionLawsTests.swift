internal import EventLogConformance
internal import Testing

@Suite struct SubscriptionLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L31_everyEventOnceAscending(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L31_everyEventOnceAscending(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L32_pollingAloneSuffices(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L32_pollingAloneSuffices(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L33_tellsWhereItStands(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L33_tellsWhereItStands(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L34_slowConsumersHoldNobodyUp(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L34_slowConsumersHoldNobodyUp(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L35_stallsAreLoud(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L35_stallsAreLoud(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L36_startsAndCheckpoints(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L36_startsAndCheckpoints(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L32_cancellationEndsAtOnce(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L32_cancellationEndsAtOnce(fixture)
  }
}
