import EventLogCore
import EventLogPostgres
import EventLogRocksDB
import Foundation
import Testing
import WeaveRuntime

/// Long work on a whole log: one at a time, beside everything else, and not longer than it is wanted.
@Suite(.timeLimit(.minutes(2))) struct SoleWorkTests {
  private static let busy = EventLogError.overloaded(retryAfter: .seconds(1))

  /// Work that stands still in its first step.
  private struct Held {
    let task: Task<Void, any Error>
    private let gate: Monitor<Bool>

    /// - work: is given what it is to call at each of its steps.
    init(
      _ work: @escaping @Sendable (_ step: @escaping @Sendable () -> Void) async throws -> Void
    ) async {
      let (begun, begin) = AsyncStream.makeStream(of: Void.self)
      let gate = Monitor(false)
      self.gate = gate
      task = Task {
        try await work {
          begin.yield()
          gate.wait { $0 ? () : nil }
        }
      }
      _ = await begun.first { _ in true }
    }

    /// Lets it go on.
    func open() {
      gate.withLock { $0 = true }
      gate.signal()
    }
  }

  /// A log of a few events, with one thread for reads.
  private func log(in folder: TemporaryFolder) async throws -> RocksDBEventLog {
    let log = try RocksDBEventLog.open(path: folder.path + "/log", readThreads: 1)
    for number in 0..<3 { _ = try await log.append(.numbered(number, to: "s")) }
    return log
  }

  @Test func itTakesNoThreadFromReadsAndIsAloneOfItsKind() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let log = try await log(in: folder)
    let backup = folder.path + "/backup"
    let held = await Held { step in try await log.verify { _, _ in step() } }
    let page = try await log.read("s", from: .first, direction: .forward, limit: 10)
    #expect(page.events.count == 3)
    await #expect(throws: Self.busy) { try await log.verify() }
    await #expect(throws: Self.busy) { try await log.compact() }
    await #expect(throws: Self.busy) { try await log.backUp(to: backup) }
    #expect(!FileManager.default.fileExists(atPath: backup))
    held.open()
    try await held.task.value
    // And the next may.
    try await log.backUp(to: backup)
    try await log.verify()
    await log.close()
  }

  @Test func aCancelledVerificationEndsAtItsNextStep() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let log = try await log(in: folder)
    let held = await Held { step in try await log.verify { _, _ in step() } }
    held.task.cancel()
    held.open()
    await #expect(throws: EventLogError.cancelled) { try await held.task.value }
    try await log.verify()
    await log.close()
  }

  @Test func aCancelledCompactionEndsWithItsFamily() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let log = try await log(in: folder)
    let steps = Steps()
    let held = await Held { step in
      try await log.compact { family, _, _ in
        steps.add(family)
        step()
      }
    }
    held.task.cancel()
    held.open()
    await #expect(throws: EventLogError.cancelled) { try await held.task.value }
    #expect(steps.all == ["events"])
    try await log.compact()
    await log.close()
  }

  @Test func closingEndsIt() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let log = try await log(in: folder)
    let held = await Held { step in try await log.verify { _, _ in step() } }
    let closing = Task { await log.close() }
    // Heads are refused once it was told to stop.
    try await until("it closes") { (try? await log.head()) == nil }
    held.open()
    await closing.value
    await #expect(throws: EventLogError.closed) { try await held.task.value }
  }

  @Test(.enabled(if: Server.postgres.isAvailable))
  func onPostgresItIsAloneAndTakesNoThreadFromReadsEither() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open()
      _ = try await log.append(.marked(1, to: "s"))
      let held = await Held { step in try await log.verify { _, _ in step() } }
      await #expect(throws: Self.busy) { try await log.verify() }
      let page = try await log.read("s", from: .first, direction: .forward, limit: 10)
      #expect(page.events.count == 1)
      held.open()
      try await held.task.value
      await log.close()
    }
  }
}
