import EventLogCore
import Foundation
import Synchronization
import Testing

@testable import EventLogRocksDB

/// What was told, in order.
final class Steps: Sendable {
  private let told = Mutex<[String]>([])
  var all: [String] { told.withLock { $0 } }
  func add(_ step: String) { told.withLock { $0.append(step) } }
}

@Suite struct BackupTests {
  /// A backup that is taken while many write holds a beginning of the log: all of what was answered
  /// before, and whole.
  @Test(arguments: [false, true])
  func aBackupUnderLoadIsAPrefix(onAnotherFileSystem: Bool) async throws {
    let folder = try TemporaryFolder()
    let other = try TemporaryFolder(inMemory: true)
    let live = try RocksDBEventLog.open(path: folder.path + "/log")
    let writers = (0..<4).map { writer in
      Task {
        var number = 0
        while !Task.isCancelled {
          _ = try await live.append(.numbered(number, to: "w\(writer)-\(number % 50)"))
          if number % 40 == 39 {
            _ = try await live.append(
              .truncating(StreamName("w\(writer)-1"), before: StreamRevision(UInt64(number) / 90))
            )
          }
          number += 1
        }
      }
    }
    let root = onAnotherFileSystem ? other.path : folder.path
    for round in 0..<3 {
      let begin = try await live.head()
      while try await live.head().number < begin.number + 300 {
        try await Task.sleep(for: .milliseconds(2))
      }
      let answered = try await live.head()
      let path = root + "/backup-\(round)"
      try await live.backUp(to: path)
      try RocksDBEventLog.verify(filesAt: path)
      let backup = try RocksDBEventLog.open(path: path)
      let head = try await backup.head()
      #expect(head >= answered)
      #expect(backup.identity.id == live.identity.id)
      #expect(backup.identity.epochNumber == live.identity.epochNumber + 1)
      #expect(backup.identity.epochEnds == [head])
      try await backup.verify()
      #expect(try await Self.envelopes(backup, through: head).count == Int(head.number))
      // Retention may have moved on in the live log since: its headers are compared.
      let (mine, theirs) = (
        try await Self.headers(backup, through: head), try await Self.headers(live, through: head)
      )
      #expect(mine == theirs)
      await backup.close()
    }
    for writer in writers { writer.cancel() }
    for writer in writers { _ = try? await writer.value }
    await live.close()
  }

  /// Positions, ids and types: what no removal changes.
  private static func headers(
    _ log: RocksDBEventLog,
    through head: GlobalPosition
  ) async throws -> [String] {
    try await envelopes(log, through: head).map { "\($0.position) \($0.id) \($0.type)" }
  }

  private static func envelopes(
    _ log: RocksDBEventLog,
    through head: GlobalPosition
  ) async throws -> [RecordedEvent] {
    var events: [RecordedEvent] = []
    var after = GlobalPosition.start
    while after < head {
      let page = try await log.readAll(
        after: after,
        matching: .all,
        direction: .forward,
        limit: 4096,
        includeRemoved: true
      )
      events += page.events.filter { $0.position <= head }
      after = page.scannedTo
    }
    return events
  }

  /// Law L36: who had handled more than the backup held is told so, by the engine and over gRPC.
  @Test func aConsumerAheadOfTheRestoredHeadIsTold() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let live = try RocksDBEventLog.open(path: folder.path + "/log")
    for number in 0..<10 { _ = try await live.append(.numbered(number, to: "s")) }
    try await live.backUp(to: folder.path + "/backup")
    for number in 10..<20 { _ = try await live.append(.numbered(number, to: "s")) }
    let store = EventStore(live)
    let ahead = store.checkpoint(at: GlobalPosition(15))
    let within = store.checkpoint(at: GlobalPosition(10))
    await live.close()

    let restored = try RocksDBEventLog.open(path: folder.path + "/backup")
    // It goes on from where the backup ended: position 15 exists again, and is another event.
    for number in 0..<10 { _ = try await restored.append(.numbered(number, to: "other")) }
    let served = try await ServedLog.serve(restored)
    for engine in [restored, served] as [any EventLogEngine] {
      let store = EventStore(engine)
      let error = await refusal { () throws(EventLogError) in
        var messages = store.subscribe(from: .checkpoint(ahead)).makeAsyncIterator()
        _ = try await messages.next()
      }
      #expect(error == .logEpochChanged(head: GlobalPosition(20)))
      var messages = store.subscribe(from: .checkpoint(within)).makeAsyncIterator()
      guard case .events(let page) = try await messages.next() else {
        Issue.record("no events")
        continue
      }
      #expect(page.events.first?.position == GlobalPosition(11))
    }
    try await expectRefused(ahead, by: served)
    await served.close()
  }

  private func refusal(
    _ body: () async throws(EventLogError) -> Void
  ) async -> EventLogError? {
    do throws(EventLogError) {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test func aFolderThatExistsIsLeftAlone() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let log = try RocksDBEventLog.open(path: folder.path + "/log")
    await #expect(throws: EventLogError.self) { try await log.backUp(to: folder.path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["log"])
    await log.close()
  }
}
