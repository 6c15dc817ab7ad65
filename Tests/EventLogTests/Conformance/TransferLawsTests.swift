internal import EventLogConformance
internal import Testing

@Suite struct TransferLawsTests {
  @Test(arguments: EventLogFixture.available, EventLogFixture.available)
  func L47_exportsAreEqual(fixture: EventLogFixture, other: EventLogFixture) async throws {
    try await EventLogLaws.L47_exportsAreEqual(fixture, into: other)
  }

  @Test(arguments: EventLogFixture.available)
  func L47_exportsAreOfOneMoment(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L47_exportsAreOfOneMoment(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L48_importResumesOrRefuses(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L48_importResumesOrRefuses(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L48_strangeMarksAreRefused(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L48_strangeMarksAreRefused(fixture)
  }
}
