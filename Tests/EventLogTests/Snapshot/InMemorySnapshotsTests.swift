internal import EventLogCore
internal import Testing

@Suite struct InMemorySnapshotsTests {
  private func snapshot(
    _ stream: StreamName,
    _ revision: UInt64,
    version: UInt32 = 1,
    bytes: Int = 1
  ) -> Snapshot {
    Snapshot(
      stream: stream,
      revision: StreamRevision(revision),
      stateVersion: version,
      state: [UInt8](repeating: 7, count: bytes)
    )
  }

  @Test func theNewestIsKept() async {
    let snapshots = InMemorySnapshots()
    await snapshots.save(snapshot("s", 5))
    await snapshots.save(snapshot("s", 3))
    #expect(await snapshots.snapshot(of: "s", stateVersion: 1)?.revision == StreamRevision(5))
    await snapshots.save(snapshot("s", 9))
    #expect(await snapshots.snapshot(of: "s", stateVersion: 1)?.revision == StreamRevision(9))
    #expect(await snapshots.snapshot(of: "t", stateVersion: 1) == nil)
  }

  @Test func versionsOfTheStateDoNotMeet() async {
    let snapshots = InMemorySnapshots()
    await snapshots.save(snapshot("s", 5))
    #expect(await snapshots.snapshot(of: "s", stateVersion: 2) == nil)
    await snapshots.save(snapshot("s", 2, version: 2))
    #expect(await snapshots.snapshot(of: "s", stateVersion: 1)?.revision == StreamRevision(5))
    await snapshots.forget("s")
    #expect(snapshots.count == 0)
  }

  @Test func theLeastRecentlyUsedLeavesFirst() async {
    let snapshots = InMemorySnapshots(count: 3)
    for name in ["a", "b", "c"] { await snapshots.save(snapshot(StreamName(name), 1)) }
    _ = await snapshots.snapshot(of: "a", stateVersion: 1)
    await snapshots.save(snapshot("d", 1))
    #expect(await snapshots.snapshot(of: "b", stateVersion: 1) == nil)
    for name in ["a", "c", "d"] {
      #expect(await snapshots.snapshot(of: StreamName(name), stateVersion: 1) != nil)
    }
  }

  @Test func bytesAreBoundedAndWhatIsLargerIsNotKept() async {
    let snapshots = InMemorySnapshots(count: 1000, bytes: 10_000)
    for index in 0..<100 {
      await snapshots.save(snapshot(StreamName("s\(index)"), 1, bytes: 900))
    }
    #expect((5...10).contains(snapshots.count))
    #expect(await snapshots.snapshot(of: "s99", stateVersion: 1) != nil)
    await snapshots.save(snapshot("huge", 1, bytes: 20_000))
    #expect(await snapshots.snapshot(of: "huge", stateVersion: 1) == nil)
    #expect(await snapshots.snapshot(of: "s99", stateVersion: 1) != nil)
  }

  @Test func manyUsesOfFewSnapshotsKeepThem() async {
    let snapshots = InMemorySnapshots(count: 2)
    await snapshots.save(snapshot("a", 1))
    for revision in 0..<10_000 {
      await snapshots.save(snapshot("b", UInt64(revision)))
      _ = await snapshots.snapshot(of: "a", stateVersion: 1)
    }
    #expect(snapshots.count == 2)
    #expect(await snapshots.snapshot(of: "b", stateVersion: 1)?.revision == StreamRevision(9999))
  }
}
