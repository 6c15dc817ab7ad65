internal import EventLogCore
internal import Testing

/// What is not a law: bounds.
@Suite struct InMemorySnapshotsTests {
  private let log = LogIdentity(id: .make(), epoch: 1)

  private func key(_ stream: StreamName) -> SnapshotKey {
    SnapshotKey(log: log, stream: stream, shape: StateShape(name: "a", version: 1))
  }

  private func snapshot(_ stream: StreamName, _ revision: UInt64, bytes: Int = 1) -> Snapshot {
    Snapshot(
      key: key(stream),
      revision: StreamRevision(revision),
      position: GlobalPosition(revision + 1),
      eventID: .make(),
      state: [UInt8](repeating: 7, count: bytes)
    )
  }

  @Test func theLeastRecentlyUsedLeavesFirst() async {
    let snapshots = InMemorySnapshots(count: 3)
    await snapshots.save(["a", "b", "c"].map { snapshot(StreamName($0), 1) })
    _ = await snapshots.snapshot(for: key("a"))
    await snapshots.save([snapshot("d", 1)])
    #expect(await snapshots.snapshot(for: key("b")) == nil)
    for name in ["a", "c", "d"] {
      #expect(await snapshots.snapshot(for: key(StreamName(name))) != nil)
    }
  }

  @Test func bytesAreBoundedAndWhatIsLargerIsNotKept() async {
    let snapshots = InMemorySnapshots(count: 1000, bytes: 10_000)
    await snapshots.save((0..<100).map { snapshot(StreamName("s\($0)"), 1, bytes: 900) })
    #expect((5...10).contains(snapshots.count))
    #expect(await snapshots.snapshot(for: key("s99")) != nil)
    await snapshots.save([snapshot("huge", 1, bytes: 20_000)])
    #expect(await snapshots.snapshot(for: key("huge")) == nil)
    #expect(await snapshots.snapshot(for: key("s99")) != nil)
  }

  @Test func forgottenBytesCountNoMore() async {
    let snapshots = InMemorySnapshots(count: 1000, bytes: 2000)
    for _ in 0..<10 {
      await snapshots.save([snapshot("s", 1, bytes: 900)])
      await snapshots.forget([key("s")])
    }
    #expect(snapshots.count == 0)
    await snapshots.save([snapshot("s", 1, bytes: 800), snapshot("t", 1, bytes: 800)])
    #expect(snapshots.count == 2)
  }

  @Test func manyUsesOfFewSnapshotsKeepThem() async {
    let snapshots = InMemorySnapshots(count: 2)
    await snapshots.save([snapshot("a", 1)])
    for revision in 0..<10_000 {
      await snapshots.save([snapshot("b", UInt64(revision))])
      _ = await snapshots.snapshot(for: key("a"))
    }
    #expect(snapshots.count == 2)
    #expect(await snapshots.snapshot(for: key("b"))?.revision == StreamRevision(9999))
  }
}
