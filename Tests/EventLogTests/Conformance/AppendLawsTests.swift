internal import EventLogConformance
internal import Testing

@Suite struct AppendLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L01_expectedRevisionMatrix(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L01_expectedRevisionMatrix(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L02_allOrNothing(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L02_allOrNothing(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L03_oneUnbrokenRange(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L03_oneUnbrokenRange(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L04_partsAreWellFormed(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L04_partsAreWellFormed(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L05_emptyAppendIsRefused(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L05_emptyAppendIsRefused(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L06_neighboursAreIsolated(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L06_neighboursAreIsolated(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L07_oneWinnerPerRevision(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L07_oneWinnerPerRevision(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L08_firstReasonWins(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L08_firstReasonWins(fixture)
  }
}
