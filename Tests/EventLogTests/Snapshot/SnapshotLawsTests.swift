import EventLogConformance
import EventLogCore
import EventLogRedis
import RedisDriver
import Testing

extension SnapshotFixture {
  /// The stores that the laws run against; a new one is a line here.
  static let available =
    [
      SnapshotFixture("in memory") { body in try await body(InMemorySnapshots()) }
    ] + (Server.redis.isAvailable ? [redis] : [])

  private static let redis = SnapshotFixture("Redis") { body in
    try await RedisTest.withClient { client in
      try await body(RedisSnapshots(client, secret: RedisTest.secret))
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct SnapshotLawsTests {
  @Test(arguments: SnapshotFixture.available)
  func whatIsFoundIsWhatWasSaved(_ fixture: SnapshotFixture) async throws {
    try await SnapshotLaws.whatIsFoundIsWhatWasSaved(fixture)
  }

  @Test(arguments: SnapshotFixture.available)
  func keysNeverMeet(_ fixture: SnapshotFixture) async throws {
    try await SnapshotLaws.keysNeverMeet(fixture)
  }

  @Test(arguments: SnapshotFixture.available)
  func theNewestIsKept(_ fixture: SnapshotFixture) async throws {
    try await SnapshotLaws.theNewestIsKept(fixture)
  }

  @Test(arguments: SnapshotFixture.available)
  func manyAreSavedAndForgottenAtOnce(_ fixture: SnapshotFixture) async throws {
    try await SnapshotLaws.manyAreSavedAndForgottenAtOnce(fixture)
  }
}
