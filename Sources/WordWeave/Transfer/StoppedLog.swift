internal import EventLogCore
internal import EventLogRocksDB
internal import Glibc

/// The log of a data directory that nobody serves, opened by itself: nothing else of the system runs
/// meanwhile.
enum StoppedLog {
  /// Lends the log with its directory, which is this process's meanwhile.
  static func lend<R>(
    _ path: String,
    to use: LogOptions.Use,
    _ body: (RocksDBEventLog, DataDirectory) async throws -> R
  ) async throws -> R {
    if use == .reads, access(path + "/log", F_OK) != 0 {
      throw CommandError(
        "opening the log of \(path)",
        found: "no data directory of this program",
        advice: "name another with --data, or a running system with --url",
        code: .unavailable
      )
    }
    let directory: DataDirectory
    do throws(DataDirectoryError) {
      directory = try DataDirectory(at: path)
    } catch {
      throw CommandError("opening \(path)", found: error.description, code: .unavailable)
    }
    let log = try await opening("the log of \(path)") { () throws(EventLogError) in
      try RocksDBEventLog.open(path: directory.log)
    }
    return try await closing(log) { try await body(log, directory) }
  }

  /// Opens an engine, and says in a command's words why that failed.
  static func opening<R>(
    _ what: String,
    _ open: () async throws(EventLogError) -> R
  ) async throws -> R {
    do throws(EventLogError) {
      return try await open()
    } catch {
      throw CommandError("opening \(what)", found: error.description, code: .unavailable)
    }
  }

  /// Closes an engine when `body` has ended, however it does.
  static func closing<R>(
    _ engine: any EventLogEngine,
    _ body: () async throws -> R
  ) async throws -> R {
    let result: Result<R, any Error>
    do {
      result = .success(try await body())
    } catch EventLogError.cancelled {
      result = .failure(CancellationError())
    } catch let error as EventLogError {
      result = .failure(CommandError("working on the log", found: error.description))
    } catch {
      result = .failure(error)
    }
    await engine.close()
    return try result.get()
  }
}
