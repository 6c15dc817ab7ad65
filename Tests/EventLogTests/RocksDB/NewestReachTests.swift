import EventLogCore
import RocksDBDriver
import Testing

@testable import EventLogRocksDB

/// How far an opening looks back.
@Suite struct NewestReachTests {
  private static let events = 100

  /// A log of so many events, opened as files.
  private static func storage(_ events: Int, _ folder: TemporaryFolder) async throws
    -> RocksDBStorage
  {
    let path = folder.path + "/log"
    let log = try RocksDBEventLog.open(path: path)
    if events > 0 {
      let all = (0..<events).map { _ in NewEvent(id: .make(), type: "T", tags: ["tag"]) }
      _ = try await log.append(AppendRequest(to: "s", all))
    }
    await log.close()
    return try RocksDBOpening.open(path: path, acceptsLoss: false).storage
  }

  private static func reach(
    atLeast: UInt64,
    atMost: UInt64,
    patience: Duration
  ) -> Verification.NewestReach {
    Verification.NewestReach(atLeast: atLeast, atMost: atMost, patience: patience, step: 7)
  }

  @Test func itLooksAsFarAsItMustAndAsTimeAllows() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let storage = try await Self.storage(Self.events, folder)
    defer { storage.close() }
    let verification = try Verification(storage, head: UInt64(Self.events))
    func first(_ atLeast: UInt64, _ atMost: UInt64, _ patience: Duration) throws -> UInt64 {
      try verification.runNewest(
        Self.reach(atLeast: atLeast, atMost: atMost, patience: patience)
      )
    }
    // Without time: whole steps until the least is reached.
    #expect(try first(10, 50, .zero) == 87)
    #expect(try first(7, 50, .zero) == 94)
    // With time: to the most, or to the beginning.
    #expect(try first(10, 50, .seconds(60)) == 51)
    #expect(try first(10, 1000, .seconds(60)) == 1)
    #expect(try first(1000, 1000, .zero) == 1)
  }

  @Test func anEmptyLogHasNothingToLookAt() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let storage = try await Self.storage(0, folder)
    defer { storage.close() }
    let reach = Self.reach(atLeast: 10, atMost: 50, patience: .seconds(60))
    #expect(try Verification(storage, head: 0).runNewest(reach) == 1)
  }

  /// Damage within what is looked at is found at the opening, elsewhere by `verify`.
  @Test(arguments: [(95, true), (60, false)])
  func damageIsFoundWithinReach(position: UInt64, isInReach: Bool) async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let storage = try await Self.storage(Self.events, folder)
    defer { storage.close() }
    let id = try storage.event(at: position).id
    let batch = try storage.database.makeBatch()
    batch.delete(Key.id(id), in: storage.families.ids)
    try storage.database.write(batch, synced: false)
    let verification = try Verification(storage, head: UInt64(Self.events))
    let near = Self.reach(atLeast: 10, atMost: 50, patience: .zero)
    if isInReach {
      #expect(throws: EventLogError.self) { try verification.runNewest(near) }
    } else {
      try verification.runNewest(near)
    }
    let far = Self.reach(atLeast: 10, atMost: 50, patience: .seconds(60))
    #expect(throws: EventLogError.self) { try verification.runNewest(far) }
    #expect(throws: EventLogError.self) { try verification.runWhole { _ in } }
  }
}
