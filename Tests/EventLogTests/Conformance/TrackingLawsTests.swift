internal import EventLogConformance
internal import Testing

@Suite struct TrackingLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L37_trackingOnlyGrows(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L37_trackingOnlyGrows(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L38_trackingGoesWithTheEvents(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L38_trackingGoesWithTheEvents(fixture)
  }
}
