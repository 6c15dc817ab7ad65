import EventLogCore
import EventLogRocksDB
import Foundation
import MessagingCore
import Testing

@testable import ProjectionsCore

/// A read model that outlived the restoring of its log.
@Suite struct RestoredLogTests {
  @Test func effectsOfLostEventsAreDroppedAndTheRestIsFilledAnew() async throws {
    let folder = NSTemporaryDirectory() + "wordweave-restored-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let live = try RocksDBEventLog.open(path: folder + "/log")
    let engine = InMemoryReadModelEngine()
    let before = try Library(engine, log: live)
    try await Library.write(200, to: live)
    try await live.backUp(to: folder + "/backup")
    try await Library.write(300, to: live, from: 200)
    try await before.shelf.catchUp()
    #expect(try await before.shelf.status().applied == GlobalPosition(500))
    await live.close()

    let restored = try RocksDBEventLog.open(path: folder + "/backup")
    let after = try Library(engine, log: restored)
    let status = try await after.shelf.status()
    #expect(status.generation > 1)
    #expect(status.applied == .start)
    try await after.shelf.catchUp()
    #expect(try await after.shelf.digest().digest == after.freshDigest())
    #expect(try await after.shelf.status().applied == GlobalPosition(200))
    await restored.close()
  }

  @Test func whatTheBackupHeldIsKept() async throws {
    let folder = NSTemporaryDirectory() + "wordweave-restored-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let live = try RocksDBEventLog.open(path: folder + "/log")
    let engine = InMemoryReadModelEngine()
    let before = try Library(engine, log: live)
    try await Library.write(200, to: live)
    try await before.shelf.catchUp()
    try await live.backUp(to: folder + "/backup")
    await live.close()

    let restored = try RocksDBEventLog.open(path: folder + "/backup")
    let after = try Library(engine, log: restored)
    let status = try await after.shelf.status()
    #expect(status.generation == 1)
    #expect(status.applied == GlobalPosition(200))
    await restored.close()
  }

  @Test func anotherLogIsFoldedFromItsBeginning() async throws {
    let engine = InMemoryReadModelEngine()
    let before = try Library(engine)
    try await Library.write(50, to: before.log)
    try await before.shelf.catchUp()
    let after = try Library(engine)
    try await Library.write(20, to: after.log)
    try await after.shelf.catchUp()
    #expect(try await after.shelf.digest().digest == after.freshDigest())
  }

  @Test func aRehearsalFeedsWhatIsAskedForAtItsRate() async throws {
    let library = try Library(InMemoryReadModelEngine())
    try await Library.write(220, to: library.log)
    let begun = ContinuousClock.now
    var plan = RehearsalPlan(after: GlobalPosition(20), through: GlobalPosition(120))
    let all = try await library.shelf.rehearse(plan) { _ in }
    #expect(all.events == 100)
    #expect(all.position == GlobalPosition(120))
    plan.query = EventQuery([EventQuery.Item(types: ["Burnt"])])
    let some = try await library.shelf.rehearse(plan) { _ in }
    #expect((1..<100).contains(some.events))
    plan.query = .all
    plan.rate = 200
    _ = try await library.shelf.rehearse(plan) { _ in }
    // A hundred events at two hundred a second, of which the last page need not be waited for.
    #expect(ContinuousClock.now - begun >= .milliseconds(250))
  }
}
