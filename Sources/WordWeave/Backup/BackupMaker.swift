internal import EventLogCore
internal import EventLogRocksDB
internal import EventsService
internal import Glibc

/// Makes a backup of a data directory whose log this process has open, while appends go on.
struct BackupMaker {
  let log: RocksDBEventLog
  /// The data directory.
  let directory: String
  let progress: @Sendable (BackupState) -> Void

  /// Makes the backup in the folder `path`, absolute, which must not exist.
  ///
  /// - Returns: what it came to.
  /// - Throws: `CommandError`; `CancellationError` if the task was cancelled before the backup had its
  ///   name; `EventLogError` if the log is closed or other work on it under way. Nothing is left of a
  ///   backup that failed.
  func make(at path: String) async throws -> BackupState {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard access(path, F_OK) != 0 else {
      throw CommandError("making the backup \(path)", found: "it exists already", code: .usage)
    }
    guard !(path + "/").hasPrefix(directory + "/") else {
      throw CommandError(
        "making the backup \(path)",
        found: "it would be inside the data directory",
        code: .usage
      )
    }
    let fresh = "\(path).\(getpid()).new"
    try FileTree.makeParents(of: path)
    // Before anything is in it, so that nobody else ever sees what that is.
    try FileTree.makeOwnFolder(fresh)
    do {
      return try await fill(fresh, as: path)
    } catch EventLogError.cancelled {
      FileTree.remove(fresh)
      throw CancellationError()
    } catch {
      FileTree.remove(fresh)
      throw error
    }
  }

  private func fill(_ fresh: String, as path: String) async throws -> BackupState {
    let made: Result<BackupState, any Error>
    do throws(EventLogError) {
      made = try await log.backUp(to: fresh + "/log") { [progress] in
        progress(BackupState(phase: .log))
      } complete: { [self] stop in
        Result<BackupState, any Error> { try complete(fresh, as: path, stop) }
      }
    } catch {
      switch error {
      case .cancelled, .closed, .overloaded: throw error
      default: throw CommandError("copying the log to \(fresh)", found: error.description)
      }
    }
    return try made.get()
  }

  /// What follows on the log, up to the backup's name.
  private func complete(_ fresh: String, as path: String, _ stop: StopSign) throws -> BackupState {
    try copyBesides(to: fresh, stop)
    let state = try writeManifest(of: fresh, stop)
    try stop.check()
    try FileTree.sync(below: fresh)
    try stop.check()
    try FileTree.rename(fresh, to: path)
    return state
  }

  /// Copies what does not follow from the log; after the log, so that every account which an event
  /// tells of is there.
  private func copyBesides(to fresh: String, _ stop: StopSign) throws {
    for name in ["format", "tokens"] where access(directory + "/" + name, F_OK) == 0 {
      try stop.check()
      _ = try FileTree.copy(directory + "/" + name, to: fresh + "/" + name)
    }
    let identity = try FileTree.files(below: directory + "/identity")
    for file in identity where !file.path.hasSuffix(".new") {
      try stop.check()
      let path = "identity/" + file.path
      try FileTree.makeFolders(for: path, below: fresh)
      _ = try FileTree.copy(directory + "/" + path, to: fresh + "/" + path)
    }
  }

  private func writeManifest(of fresh: String, _ stop: StopSign) throws -> BackupState {
    try stop.check()
    let found: (identity: LogIdentity, head: GlobalPosition)
    do throws(EventLogError) {
      found = try RocksDBEventLog.look(at: fresh + "/log")
    } catch {
      throw CommandError("reading the backup's log", found: error.description)
    }
    let entries = try FileTree.files(below: fresh)
    var state = BackupState(phase: .checksums)
    state.total = entries.reduce(0) { $0 + $1.bytes }
    state.files = UInt64(entries.count)
    state.head = found.head
    var files: [BackupManifest.File] = []
    for entry in entries {
      let digest = try FileTree.digest(of: fresh + "/" + entry.path) { count in
        try stop.check()
        state.done += UInt64(count)
        progress(state)
      }
      files.append(.init(path: entry.path, bytes: entry.bytes, sha256: digest))
    }
    let manifest = BackupManifest(
      created: Timestamp.now.description,
      program: Release.version,
      log: found.identity,
      head: found.head,
      files: files
    )
    try FileTree.write(manifest.text, to: fresh + "/" + BackupManifest.name)
    state.phase = .done
    return state
  }
}

extension FileTree {
  /// Writes a file, synced.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("writing \(path)") }
    defer { close(file) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        let rest = UnsafeRawBufferPointer(rebasing: all[written...])
        return Glibc.write(file, rest.baseAddress, rest.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("writing \(path)") }
      written += count
    }
    guard fsync(file) == 0 else { throw failure("writing \(path)") }
  }
}

extension RocksDBLogAdministration {
  /// As the Event Service asks for it.
  func backUp(
    to path: String,
    progress: @escaping @Sendable (BackupState) -> Void
  ) async throws(EventLogError) -> BackupState {
    do {
      return try await BackupMaker(log: log, directory: directory, progress: progress)
        .make(at: path)
    } catch let error as EventLogError {
      throw error
    } catch let error as CommandError {
      throw .invalid("\(error.attempted): \(error.found)")
    } catch is CancellationError {
      throw .cancelled
    } catch {
      throw .unavailable("\(error)")
    }
  }

  func compact(
    progress: @escaping @Sendable (CompactionState) -> Void
  ) async throws(EventLogError) {
    try await log.compact { progress(CompactionState(part: $0, done: $1, total: $2)) }
  }
}
