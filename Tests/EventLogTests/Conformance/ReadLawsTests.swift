internal import EventLogConformance
internal import Testing

@Suite struct ReadLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L26_fromIsInclusive(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L26_fromIsInclusive(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L27_afterIsExclusiveInReads(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L27_afterIsExclusiveInReads(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L28_pagesAreBounded(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L28_pagesAreBounded(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L29_pagesTellHowFarTheyLooked(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L29_pagesTellHowFarTheyLooked(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L29_largeQueriesLookAsFar(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L29_largeQueriesLookAsFar(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L30_largeQueriesEqualAFullRead(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L30_largeQueriesEqualAFullRead(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L30_pagesEqualOneRead(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L30_pagesEqualOneRead(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L30_typesAreFoundHoweverFrequent(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L30_typesAreFoundHoweverFrequent(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L51_eventsAreReadAtPositions(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L51_eventsAreReadAtPositions(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L30_placesLeaveNoMatchOut(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L30_placesLeaveNoMatchOut(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L28_placesAreBounded(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L28_placesAreBounded(fixture)
  }
}
