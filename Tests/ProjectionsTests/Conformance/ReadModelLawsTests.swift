import ProjectionsConformance
import Testing

@Suite struct ReadModelLawsTests {
  @Test(arguments: ReadModelFixture.available)
  func effectAndCheckpointAreOne(_ fixture: ReadModelFixture) async throws {
    try await ReadModelLaws.effectAndCheckpointAreOne(fixture)
  }

  @Test(arguments: ReadModelFixture.available)
  func anOlderClaimWritesNothing(_ fixture: ReadModelFixture) async throws {
    try await ReadModelLaws.anOlderClaimWritesNothing(fixture)
  }

  @Test(arguments: ReadModelFixture.available)
  func generationsNeverMeet(_ fixture: ReadModelFixture) async throws {
    try await ReadModelLaws.generationsNeverMeet(fixture)
  }

  @Test(arguments: ReadModelFixture.available)
  func aReopenedStoreHasAll(_ fixture: ReadModelFixture) async throws {
    try await ReadModelLaws.aReopenedStoreHasAll(fixture)
  }

  @Test(arguments: ReadModelFixture.available)
  func aViewIsOneMoment(_ fixture: ReadModelFixture) async throws {
    try await ReadModelLaws.aViewIsOneMoment(fixture)
  }

  @Test(arguments: ReadModelFixture.available)
  func parkedStreamsAreListedInOrder(_ fixture: ReadModelFixture) async throws {
    try await ReadModelLaws.parkedStreamsAreListedInOrder(fixture)
  }

  @Test(arguments: ReadModelFixture.available, [1, 2, 3, 20_261_122] as [UInt64])
  func rangesAgreeWithDocuments(_ fixture: ReadModelFixture, seed: UInt64) async throws {
    try await ReadModelLaws.rangesAgreeWithDocuments(fixture, seed: seed)
  }
}
