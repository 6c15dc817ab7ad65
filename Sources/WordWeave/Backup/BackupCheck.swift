internal import EventLogCore
internal import EventLogRocksDB

/// Checks a backup: its files against the manifest, then its log as a running one is verified.
///
/// Nothing in the folder is changed.
struct BackupCheck {
  let folder: String
  let console: Console

  /// - Returns: the manifest of a sound backup.
  /// - Throws: `CommandError` that names the first file or event that is not as it should be;
  ///   `CancellationError` where the task was cancelled.
  func run() throws -> BackupManifest {
    let manifest = try BackupManifest(of: folder)
    try checkNames(manifest)
    try checkFiles(manifest)
    try checkLog(manifest)
    return manifest
  }

  /// Neither more nor fewer files than the manifest names.
  private func checkNames(_ manifest: BackupManifest) throws {
    let found = Dictionary(
      uniqueKeysWithValues: try FileTree.files(below: folder).map { ($0.path, $0.bytes) }
    )
    for file in manifest.files {
      guard let bytes = found[file.path] else { throw finding("\(file.path) is missing") }
      guard bytes == file.bytes else {
        throw finding("\(file.path) has \(bytes) bytes, the manifest says \(file.bytes)")
      }
    }
    let named = Set(manifest.files.map(\.path)).union([BackupManifest.name])
    if let more = found.keys.filter({ !named.contains($0) }).min() {
      throw finding("\(more) is not in the manifest")
    }
  }

  private func checkFiles(_ manifest: BackupManifest) throws {
    var progress = Progress("Checking files", on: console)
    var done: Int64 = 0
    do {
      for file in manifest.files {
        let digest = try FileTree.digest(of: folder + "/" + file.path) { count in
          try Task.checkCancellation()
          done += Int64(count)
          progress.show(ProgressState(done: done, total: Int64(clamping: manifest.bytes)))
        }
        guard digest == file.sha256 else {
          throw finding("the checksum of \(file.path) does not fit")
        }
      }
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
  }

  private func checkLog(_ manifest: BackupManifest) throws {
    var progress = Progress("Checking events", on: console)
    do {
      let (identity, head) = try RocksDBEventLog.look(at: folder + "/log")
      guard identity.id == manifest.log, identity.epoch == manifest.epoch, head == manifest.head
      else { throw finding("the log is another than the manifest says") }
      try RocksDBEventLog.verify(filesAt: folder + "/log") { position in
        progress.show(
          ProgressState(
            done: Int64(clamping: position.number),
            total: Int64(clamping: head.number)
          )
        )
      }
    } catch EventLogError.cancelled {
      progress.finish()
      throw CancellationError()
    } catch let error as EventLogError {
      progress.finish()
      throw finding(error.description)
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
  }

  private func finding(_ text: String) -> CommandError {
    CommandError(
      "verifying the backup \(folder)",
      found: text,
      advice: "do not rely on it; use another backup"
    )
  }
}
