import EventLogCore
import Testing

@testable import EventLogRedis

@Suite struct SnapshotSealTests {
  private let seal = SnapshotSeal(secret: [UInt8](repeating: 7, count: 32))
  private let snapshot = Snapshot(
    key: SnapshotKey(
      log: LogIdentity(id: EventID(high: 1, low: 2), epoch: 3),
      stream: "user-a",
      shape: StateShape(name: "users.account", version: 0xAB)
    ),
    revision: StreamRevision(300),
    position: GlobalPosition(70_000),
    eventID: EventID(high: 5, low: 6),
    state: [1, 2, 3]
  )

  @Test func keysSayWhatTheyAreOf() {
    let key = String(decoding: seal.key(snapshot.key), as: UTF8.self)
    #expect(key.hasPrefix("wordweave:1:"))
    #expect(key.hasSuffix(":00000000-0000-0001-0000-000000000002:3:users.account:ab:user-a"))
    let other = SnapshotSeal(secret: [UInt8](repeating: 8, count: 32)).key(snapshot.key)
    #expect(other != seal.key(snapshot.key))
  }

  @Test func theLayoutIsThatOfTheFormat() throws {
    let value = seal.seal(snapshot)
    #expect(value.count == 40 + 3 + 32)
    #expect(Array(value[..<4]) == Array("WSN1".utf8))
    #expect(Array(value[8..<16]) == [0, 0, 0, 0, 0, 0, 1, 44])
    #expect(Array(value[40..<43]) == [1, 2, 3])
    #expect(seal.claimedRevision(Array(value[..<16])) == StreamRevision(300))
    #expect(seal.claimedRevision(Array(value[..<15])) == nil)
    #expect(try seal.open(value, for: snapshot.key) == snapshot)
  }

  @Test func everyBitAndEveryLengthCounts() {
    let value = seal.seal(snapshot)
    for index in value.indices {
      for bit in 0..<8 {
        var changed = value
        changed[index] ^= 1 << bit
        #expect(throws: SnapshotSeal.Refusal.self) { try seal.open(changed, for: snapshot.key) }
      }
      #expect(throws: SnapshotSeal.Refusal.self) {
        try seal.open(Array(value[..<index]), for: snapshot.key)
      }
    }
    #expect(throws: SnapshotSeal.Refusal.self) { try seal.open(value + [0], for: snapshot.key) }
  }

  @Test func aValueIsWorthNothingUnderAnotherKeyOrSecret() {
    let value = seal.seal(snapshot)
    let other = SnapshotKey(
      log: LogIdentity(id: EventID(high: 1, low: 2), epoch: 3),
      stream: "user-b",
      shape: snapshot.key.shape
    )
    #expect(throws: SnapshotSeal.Refusal.forged) { try seal.open(value, for: other) }
    let foreign = SnapshotSeal(secret: [UInt8](repeating: 8, count: 32)).seal(snapshot)
    #expect(throws: SnapshotSeal.Refusal.forged) { try seal.open(foreign, for: snapshot.key) }
  }
}
