public import EventLogCore
public import Testing

/// A store of snapshots under test.
public struct SnapshotFixture: Sendable, CustomTestStringConvertible {
  /// The store's name, as test output shows it.
  public let testDescription: String
  /// Lends a store while the closure runs; what it holds of other keys does not matter.
  public let withStore:
    @Sendable (@Sendable (any SnapshotStore) async throws -> Void) async throws -> Void

  /// Describes a store.
  public init(
    _ name: String,
    withStore:
      @escaping @Sendable (
        @Sendable (any SnapshotStore) async throws -> Void
      ) async throws -> Void
  ) {
    testDescription = name
    self.withStore = withStore
  }
}

/// What every store of snapshots promises.
public enum SnapshotLaws {
  /// A key of a log that nobody else has.
  private static func key(
    _ stream: StreamName = "s",
    log: EventID = .make(),
    epoch: UInt64 = 1,
    name: String = "a",
    version: UInt64 = 1
  ) -> SnapshotKey {
    SnapshotKey(
      log: LogIdentity(id: log, epoch: epoch),
      stream: stream,
      shape: StateShape(name: name, version: version)
    )
  }

  private static func snapshot(
    _ key: SnapshotKey,
    _ revision: UInt64 = 7,
    state: [UInt8] = [1, 2, 3]
  ) -> Snapshot {
    Snapshot(
      key: key,
      revision: StreamRevision(revision),
      position: GlobalPosition(revision + 100),
      eventID: .make(),
      state: state
    )
  }

  /// What is found is what was saved, byte for byte.
  public static func whatIsFoundIsWhatWasSaved(_ fixture: SnapshotFixture) async throws {
    try await fixture.withStore { store in
      let states: [[UInt8]] = [
        [], [0], Array(0...255), Array("\r\n$-1\r\n+OK\r\n".utf8),
        [UInt8](repeating: 0xFF, count: 200_000),
      ]
      for (index, state) in states.enumerated() {
        let saved = snapshot(key(StreamName("post-\u{E9}:\u{0}\(index)")), .max - 200, state: state)
        await store.save([saved])
        let found = await store.snapshot(for: saved.key)
        #expect(found == saved)
      }
    }
  }

  /// A key that differs in anything finds nothing.
  public static func keysNeverMeet(_ fixture: SnapshotFixture) async throws {
    try await fixture.withStore { store in
      let log = EventID.make()
      let saved = snapshot(key("s", log: log))
      await store.save([saved])
      let others = [
        key("s"), key("t", log: log), key("s", log: log, epoch: 2), key("s", log: log, name: "b"),
        key("s", log: log, version: 2), key("s", log: log, epoch: 11, version: 1),
        key("1:s", log: log), key("", log: log),
      ]
      for other in others {
        let found = await store.snapshot(for: other)
        #expect(found == nil)
      }
      let found = await store.snapshot(for: saved.key)
      #expect(found == saved)
    }
  }

  /// An older snapshot does not take a newer one's place; one of the same revision does.
  public static func theNewestIsKept(_ fixture: SnapshotFixture) async throws {
    try await fixture.withStore { store in
      let key = key()
      await store.save([snapshot(key, 5)])
      await store.save([snapshot(key, 3)])
      var found = await store.snapshot(for: key)
      #expect(found?.revision == StreamRevision(5))
      let again = snapshot(key, 5, state: [9])
      await store.save([again])
      found = await store.snapshot(for: key)
      #expect(found == again)
      // Compared as numbers, not as texts or bytes.
      for revision: UInt64 in [9, 10, 255, 256, 65_536, .max - 200] {
        await store.save([snapshot(key, revision)])
        found = await store.snapshot(for: key)
        #expect(found?.revision.number == revision)
      }
    }
  }

  /// Many are saved at once, and forgotten at once; forgetting what is not there is fine.
  public static func manyAreSavedAndForgottenAtOnce(_ fixture: SnapshotFixture) async throws {
    try await fixture.withStore { store in
      let saved = (0..<100).map { snapshot(key(StreamName("s\($0)"))) }
      await store.save(saved)
      await store.save([])
      for snapshot in saved {
        let found = await store.snapshot(for: snapshot.key)
        #expect(found == snapshot)
      }
      await store.forget(saved[..<50].map(\.key) + [key("never")])
      await store.forget([])
      for (index, snapshot) in saved.enumerated() {
        let found = await store.snapshot(for: snapshot.key)
        #expect(found == (index < 50 ? nil : snapshot))
      }
      // What was forgotten may be kept again, older than it was.
      let older = snapshot(saved[0].key, 1)
      await store.save([older])
      let found = await store.snapshot(for: older.key)
      #expect(found == older)
    }
  }
}
