import Dispatch
import EventLogCore
import EventLogRocksDB
import EventsService
import Foundation
import Synchronization
import Testing

@testable import WordWeave

@Suite(.timeLimit(.minutes(1))) final class BackupMakerTests: Sendable {
  private let folder: String
  private var data: String { folder + "/data" }
  private var backup: String { folder + "/backups/monday" }

  init() throws {
    folder = NSTemporaryDirectory() + "wordweave-backup-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func fill() async throws {
    try await StoppedLog.lend(data, to: .writes) { log, _ in
      _ = try await log.append(AppendRequest(to: "s", [NewEvent(type: "Happened")]))
    }
  }

  /// Makes a backup of the data directory, which `progress` follows.
  private func make(_ progress: @escaping @Sendable (BackupState) -> Void) async throws {
    _ = try await StoppedLog.lend(data, to: .reads) { log, directory in
      try await BackupMaker(log: log, directory: directory.path, progress: progress)
        .make(at: backup)
    }
  }

  /// What lies beside the backup, and the backup.
  private func found() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder + "/backups").sorted()
  }

  @Test func nobodyElseSeesABackupThatIsMade() async throws {
    try await fill()
    let fresh = "\(backup).\(getpid()).new"
    let modes = ProgressNotes<Int>()
    try await make { _ in
      let found = try? FileManager.default.attributesOfItem(atPath: fresh)
      modes.note((found?[.posixPermissions] as? NSNumber)?.intValue ?? 0)
    }
    #expect(modes.all.count > 1)
    #expect(modes.all.allSatisfy { $0 == 0o700 })
    #expect(try found() == ["monday"])
  }

  @Test func aFolderOfAnotherIsNotFilled() async throws {
    try await fill()
    let fresh = "\(backup).\(getpid()).new"
    try FileManager.default.createDirectory(atPath: fresh, withIntermediateDirectories: true)
    await #expect(throws: CommandError.self) { try await make { _ in } }
    #expect(try FileManager.default.contentsOfDirectory(atPath: fresh).isEmpty)
  }

  @Test(arguments: [BackupState.Phase.log, .checksums])
  func nothingIsLeftOfABackupThatIsCancelled(in phase: BackupState.Phase) async throws {
    try await fill()
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    let goOn = DispatchSemaphore(value: 0)
    let making = Task {
      try await make { state in
        guard state.phase == phase else { return }
        begin.yield()
        // Held until the task is cancelled, and not again.
        goOn.wait()
        goOn.signal()
      }
    }
    _ = await begun.first { _ in true }
    making.cancel()
    goOn.signal()
    await #expect(throws: CancellationError.self) { try await making.value }
    #expect(try found() == [])
  }

  /// One at a time, and what was refused began nothing.
  @Test func besideOtherWorkOnTheLogNoneIsMade() async throws {
    try await fill()
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    let goOn = DispatchSemaphore(value: 0)
    let told = ProgressNotes<String>()
    try await StoppedLog.lend(data, to: .reads) { log, directory in
      let verifying = Task {
        try await log.verify { _, _ in
          begin.yield()
          goOn.wait()
          goOn.signal()
        }
      }
      _ = await begun.first { _ in true }
      await #expect(throws: EventLogError.self) {
        _ = try await BackupMaker(log: log, directory: directory.path) { told.note("\($0.phase)") }
          .make(at: backup)
      }
      goOn.signal()
      try await verifying.value
    }
    #expect(told.all.isEmpty)
    #expect(try found() == [])
  }
}

/// What a backup told.
private final class ProgressNotes<Note: Sendable>: Sendable {
  private let notes = Mutex<[Note]>([])
  var all: [Note] { notes.withLock { $0 } }
  func note(_ note: Note) { notes.withLock { $0.append(note) } }
}
