import ArgumentParser
import EventLogCore
import EventLogRocksDB
import EventsService
import Foundation
import Testing

@testable import WordWeave

@Suite final class BackupTests: Sendable {
  private let folder: String
  private var data: String { folder + "/data" }
  private var backup: String { folder + "/backup" }

  init() throws {
    folder = NSTemporaryDirectory() + "wordweave-backup-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A data directory with a log, accounts and tokens, and a backup of it.
  private func make() async throws {
    _ = try TokenFile.create(in: try prepared() + "/tokens", rights: .read, name: "reports")
    _ = try await StoppedLog.lend(data, to: .writes) { log, directory in
      for number in 0..<50 {
        _ = try await log.append(AppendRequest(to: "s", [NewEvent(type: "T\(number % 3)".type)]))
      }
      return try await BackupMaker(log: log, directory: directory.path) { _ in }.make(at: backup)
    }
  }

  private func prepared() throws -> String {
    let files = FileManager.default
    try files.createDirectory(
      atPath: data + "/identity/accounts",
      withIntermediateDirectories: true
    )
    try Data("ada".utf8).write(to: URL(fileURLWithPath: data + "/identity/accounts/ada"))
    try Data("half".utf8).write(to: URL(fileURLWithPath: data + "/identity/accounts/bob.new"))
    return data
  }

  private func check() throws -> BackupManifest {
    try BackupCheck(folder: backup, console: .silent).run()
  }

  @Test func whatIsRestoredIsWhatWasBackedUp() async throws {
    try await make()
    let manifest = try check()
    #expect(manifest.head == GlobalPosition(50))
    #expect(manifest.epoch == 1)
    // Twice: looking changed nothing.
    #expect(try check() == manifest)
    let names = manifest.files.map(\.path)
    #expect(names.contains("identity/accounts/ada") && names.contains("tokens"))
    #expect(!names.contains { $0.contains("operator-token") || $0.hasSuffix(".new") })
    let new = folder + "/restored/deeper"
    let result = try await BackupRestore(folder: backup, console: .silent).run(to: new)
    #expect(result.head == GlobalPosition(50))
    #expect(result.epochNumber == 2)
    #expect(try Files.text(new + "/identity/accounts/ada") == "ada")
    #expect(try TokenFile.read(new + "/tokens").map(\.name) == ["reports"])
    let old = try Files.text(data + "/operator-token")
    try await StoppedLog.lend(new, to: .writes) { log, directory in
      #expect(log.identity.epochNumber == 2)
      #expect(log.identity.epochEnds == [GlobalPosition(50)])
      #expect(directory.operatorToken != old.stripped)
      _ = try await log.append(AppendRequest(to: "s", [NewEvent(type: "After")]))
    }
    // The backup is as it was, and can be restored again.
    #expect(try check() == manifest)
    let found = try FileManager.default.attributesOfItem(atPath: backup)
    #expect((found[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
        "backup", "data", "restored",
      ]
    )
  }

  /// It could neither be verified nor restored any more.
  @Test func aBackupIsNotMadeADataDirectory() async throws {
    try await make()
    let manifest = try check()
    for use in [LogOptions.Use.reads, .writes] {
      await #expect {
        try await StoppedLog.lend(backup, to: use) { _, _ in }
      } throws: { error in
        let text = "\(error)"
        return text.contains("wordweave backup verify") && text.contains("wordweave restore")
      }
    }
    await #expect(throws: CommandError.self) {
      try await Platform.open(directory: backup, to: .reads) { _ in }
    }
    let tokens = try TokensOptions.parse(["--data", backup])
    #expect(throws: DataDirectoryError.self) { _ = try tokens.changedFile() }
    #expect(try check() == manifest)
    // What an older version has made of one goes on.
    try Data().write(to: URL(fileURLWithPath: backup + "/lock"))
    try await StoppedLog.lend(backup, to: .reads) { _, _ in }
  }

  @Test func aFolderInTheWayIsLeftAlone() async throws {
    try await make()
    await #expect(throws: CommandError.self) {
      _ = try await BackupRestore(folder: backup, console: .silent).run(to: data)
    }
    await #expect(throws: CommandError.self) {
      _ = try await StoppedLog.lend(data, to: .reads) { log, directory in
        try await BackupMaker(log: log, directory: directory.path) { _ in }.make(at: backup)
      }
    }
    await #expect {
      _ = try await StoppedLog.lend(data, to: .reads) { log, directory in
        try await BackupMaker(log: log, directory: directory.path) { _ in }
          .make(at: data + "/inside")
      }
    } throws: { error in
      "\(error)".contains("inside the data directory")
    }
    // An empty folder is as good as none.
    let empty = folder + "/empty"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
    _ = try await BackupRestore(folder: backup, console: .silent).run(to: empty)
  }

  @Test func aFolderOfAnotherIsNeitherFilledNorRemoved() async throws {
    try await make()
    let new = folder + "/restored"
    // Under the name that the restore gives to its own.
    let fresh = "\(new).\(getpid()).new"
    let files = FileManager.default
    try files.createDirectory(atPath: fresh, withIntermediateDirectories: false)
    try Data("theirs".utf8).write(to: URL(fileURLWithPath: fresh + "/file"))
    await #expect(throws: CommandError.self) {
      _ = try await BackupRestore(folder: backup, console: .silent).run(to: new)
    }
    #expect(try files.contentsOfDirectory(atPath: fresh) == ["file"])
    #expect(!files.fileExists(atPath: new))
  }

  /// Every file is damaged once: cut, flipped, removed; and one is added.
  @Test func everyDamageIsFound() async throws {
    try await make()
    let manifest = try check()
    let files = FileManager.default
    for name in manifest.files.map(\.path) + [BackupManifest.name] {
      let path = backup + "/" + name
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      var damages: [Data?] = [nil, whole + Data([0])]
      if !whole.isEmpty {
        var flipped = whole
        flipped[whole.count / 2] ^= 0x20
        damages += [flipped, Data(whole.dropLast())]
      }
      for damage in damages {
        if let damage {
          try damage.write(to: URL(fileURLWithPath: path))
        } else {
          try files.removeItem(atPath: path)
        }
        #expect(throws: CommandError.self, "\(name)") { try check() }
        await #expect(throws: CommandError.self, "\(name)") {
          _ = try await BackupRestore(folder: backup, console: .silent).run(to: folder + "/new")
        }
        #expect(!files.fileExists(atPath: folder + "/new"))
        try whole.write(to: URL(fileURLWithPath: path))
      }
    }
    try Data().write(to: URL(fileURLWithPath: backup + "/log/more"))
    #expect {
      _ = try check()
    } throws: { error in
      "\(error)".contains("log/more is not in the manifest")
    }
    try files.removeItem(atPath: backup + "/log/more")
    #expect(try check() == manifest)
  }

  @Test(arguments: ["/etc/passwd", "../x", "a/../../x", "a//b", "./a", "", "manifest"])
  func noPathLeadsOutOfABackup(_ path: String) {
    #expect(!BackupManifest.isInside(path))
  }
}

extension String {
  fileprivate var type: EventType { EventType(self) }
}
