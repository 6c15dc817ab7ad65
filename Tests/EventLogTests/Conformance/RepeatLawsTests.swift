internal import EventLogConformance
internal import Testing

@Suite struct RepeatLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L15_idsAreForEver(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L15_idsAreForEver(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L15_chosenIDsAreForEver(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L15_chosenIDsAreForEver(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L16_repeatsGetTheFirstReceipt(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L16_repeatsGetTheFirstReceipt(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L17_otherShapesAreConflicts(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L17_otherShapesAreConflicts(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L18_repeatsAskNothing(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L18_repeatsAskNothing(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L19_racingRepeatsWriteOnce(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L19_racingRepeatsWriteOnce(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L20_idsAreWellFormed(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L20_idsAreWellFormed(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L21_sameRequestTellsTheOutcome(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L21_sameRequestTellsTheOutcome(fixture)
  }
}
