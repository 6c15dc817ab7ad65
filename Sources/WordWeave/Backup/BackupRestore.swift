internal import EventLogCore
internal import EventLogRocksDB
internal import Glibc

/// Makes a data directory of a backup.
struct BackupRestore {
  let folder: String
  let console: Console

  struct Result: Sendable {
    let head: GlobalPosition
    let epoch: UInt64
    /// Which epoch that is, counted from 1.
    let epochNumber: UInt64
    let files: Int
  }

  /// Copies and checks the backup, and starts the epoch of the log that follows on it.
  ///
  /// The directory gets its name when everything in it is checked and durable.
  /// - Parameter path: the new data directory; nothing, or an empty folder.
  /// - Returns: what the log came to.
  /// - Throws: `CommandError`; nothing is left of a restore that failed.
  func run(to path: String) async throws -> Result {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard FileTree.isFree(path) else {
      throw CommandError(
        "restoring to \(path)",
        found: "it exists and is not empty",
        advice: "name a folder that does not exist",
        code: .usage
      )
    }
    let manifest = try BackupManifest(of: folder)
    let fresh = "\(path).\(getpid()).new"
    try FileTree.makeParents(of: path)
    // A folder that is there is somebody else's, and is not removed either.
    try FileTree.makeOwnFolder(fresh)
    do {
      try copy(manifest, to: fresh)
      let identity = try await beginEpoch(fresh + "/log", manifest)
      try FileTree.sync(below: fresh)
      try FileTree.rename(fresh, to: path)
      return Result(
        head: manifest.head,
        epoch: identity.epoch,
        epochNumber: identity.epochNumber,
        files: manifest.files.count
      )
    } catch {
      FileTree.remove(fresh)
      throw error
    }
  }

  private func copy(_ manifest: BackupManifest, to fresh: String) throws {
    var progress = Progress("Copying", on: console)
    var done: Int64 = 0
    do {
      for file in manifest.files {
        try FileTree.makeFolders(for: file.path, below: fresh)
        let digest = try FileTree.copy(
          folder + "/" + file.path,
          to: fresh + "/" + file.path,
          mode: file.path == "format" ? 0o644 : 0o600
        ) { count in
          try Task.checkCancellation()
          done += Int64(count)
          progress.show(ProgressState(done: done, total: Int64(clamping: manifest.bytes)))
        }
        guard digest == file.sha256 else {
          throw CommandError(
            "restoring \(folder)",
            found: "the checksum of \(file.path) does not fit",
            advice: "do not rely on this backup; use another"
          )
        }
      }
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
  }

  /// Opens the copy, which starts a new log epoch at its head, and checks all of it.
  private func beginEpoch(
    _ path: String,
    _ manifest: BackupManifest
  ) async throws -> LogIdentity {
    let log = try await StoppedLog.opening("the restored log") { () throws(EventLogError) in
      try RocksDBEventLog.open(path: path)
    }
    return try await StoppedLog.closing(log) {
      let identity = log.identity
      guard identity.id == manifest.log, identity.epoch > manifest.epoch,
        try await log.head() == manifest.head
      else {
        throw CommandError("restoring \(folder)", found: "the log is not what the manifest says")
      }
      let reached = Reached(of: manifest.head.number)
      do throws(EventLogError) {
        try await LocalWork.follow(reached, label: "Checking events", on: console) {
          () throws(EventLogError) in
          try await log.verify { position, _ in reached.set(position.number) }
        }
      } catch {
        guard error != .cancelled else { throw CancellationError() }
        throw CommandError("verifying the restored log", found: error.description)
      }
      return identity
    }
  }
}
