internal import EventLogConformance
internal import Testing

@Suite struct ByteLawsTests {
  @Test(arguments: EventLogFixture.available)
  func L39_bytesComeBack(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L39_bytesComeBack(fixture)
  }

  @Test(arguments: EventLogFixture.available)
  func L40_limitsAreExact(fixture: EventLogFixture) async throws {
    try await EventLogLaws.L40_limitsAreExact(fixture)
  }
}
