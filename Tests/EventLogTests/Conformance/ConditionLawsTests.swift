internal import EventLogConformance
internal import Testing

@Suite struct ConditionLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L09_afterIsExclusive(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L09_afterIsExclusive(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L10_itemsTypesAndTags(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L10_itemsTypesAndTags(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L10_alternativesMayBeMany(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L10_alternativesMayBeMany(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L11_bytesDecide(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L11_bytesDecide(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L12_afterBeyondTheHeadPasses(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L12_afterBeyondTheHeadPasses(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L13_oneWinnerPerCondition(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L13_oneWinnerPerCondition(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L14_removedEventsStillCount(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L14_removedEventsStillCount(fixture)
  }
}
