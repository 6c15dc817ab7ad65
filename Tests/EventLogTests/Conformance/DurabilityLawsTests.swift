internal import EventLogConformance
internal import Testing

@Suite struct DurabilityLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L41_reopenedIsTheSame(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L41_reopenedIsTheSame(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L45_secondOpenerIsLockedOut(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L45_secondOpenerIsLockedOut(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L46_closeAnswersEverybody(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L46_closeAnswersEverybody(fixture)
  }
}
