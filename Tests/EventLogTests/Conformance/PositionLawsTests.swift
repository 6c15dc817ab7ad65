internal import EventLogConformance
internal import Testing

@Suite struct PositionLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L22_positionsHaveNoHoles(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L22_positionsHaveNoHoles(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L23_nothingPastTheHead(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L23_nothingPastTheHead(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L24_answeredIsVisible(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L24_answeredIsVisible(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L25_timeNeverGoesBack(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L25_timeNeverGoesBack(fixture)
  }
}
