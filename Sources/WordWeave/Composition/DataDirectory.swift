internal import Crypto
internal import Foundation
internal import Glibc

// What lies in a data directory, format 1:
//
//   format          "wordweave data 1\n": written first, checked before anything else is opened
//   lock            held by flock(2) while a process has the directory open
//   operator-token  43 characters base64url, mode 0600
//   tokens          who else may call the event service, with digests of the tokens, mode 0600
//   serve.json      {"url", "pid", "grpcPort"} of the process that serves it; gone after a clean stop
//   log/            the event log, unless it lies elsewhere
//   log-source      which log that is then
//   models/<name>/  the read models of one service; disposable
//   identity/       accounts and keys of the identity stand-in, mode 0700

/// A data directory that this process holds alone.
final class DataDirectory: Sendable {
  /// The format this version reads and writes.
  static let format = "wordweave data 1\n"

  /// The folder, absolute.
  let path: String
  /// The token that operators authenticate with.
  let operatorToken: String
  private let lock: Int32

  /// Makes the folder if it is missing, and takes it for this process.
  ///
  /// - Throws: `DataDirectoryError` if it cannot be made, belongs to another version, is in use or a
  ///   backup.
  init(at folder: String) throws(DataDirectoryError) {
    let path =
      folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
    self.path = path
    try Self.refuseBackup(path)
    do {
      try FileManager.default.createDirectory(
        atPath: path + "/models",
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
      throw DataDirectoryError(
        "could not make the data directory \(path): "
          + (cause.domain == NSPOSIXErrorDomain
            ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription)
      )
    }
    lock = try Self.takeLock(path)
    do {
      try Self.checkFormat(path)
      operatorToken = try Self.token(path)
    } catch {
      Glibc.close(lock)
      throw error
    }
  }

  deinit { Glibc.close(lock) }

  /// The folder of the event log.
  var log: String { path + "/log" }
  /// The file that says where the event log is, if it is not in that folder.
  static let logSourceName = "log-source"
  var logSource: String { path + "/" + Self.logSourceName }
  /// The folder of the identity stand-in.
  var identity: String { path + "/identity" }
  /// The folder of a service's read models.
  func models(of service: String) -> String { path + "/models/" + service }

  /// The file that holds who may call the event service.
  var tokens: String { path + "/tokens" }

  /// Tells other processes where this one answers.
  func announce(_ listening: Listening) throws(DataDirectoryError) {
    let grpc = listening.grpcPort.map { ", \"grpcPort\": \($0)" } ?? ""
    try Self.write(
      "{\"url\": \"\(listening.url)\", \"pid\": \(getpid())\(grpc)}\n",
      to: path + "/serve.json",
      mode: 0o644
    )
  }

  /// Takes the announcement back.
  func withdraw() { unlink(path + "/serve.json") }

  /// Refuses a backup before anything is made in it: its manifest would name neither the files that
  /// came nor what became of the log, and nobody could restore it.
  ///
  /// One that was opened all the same, as older versions let it, is a data directory since.
  static func refuseBackup(_ path: String) throws(DataDirectoryError) {
    guard access(path + "/" + BackupManifest.name, F_OK) == 0, access(path + "/lock", F_OK) != 0
    else { return }
    throw DataDirectoryError(
      "\(path) is a backup: check it with 'wordweave backup verify', and make a data directory of it "
        + "with 'wordweave restore'"
    )
  }

  private static func takeLock(_ path: String) throws(DataDirectoryError) -> Int32 {
    let file = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw DataDirectoryError("could not open \(path)/lock: \(reason())")
    }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let holder = holder(of: file)
      close(file)
      throw DataDirectoryError(
        "the data directory \(path) is in use\(holder): stop that process, or reach it with --url"
      )
    }
    let pid = "\(getpid())\n"
    ftruncate(file, 0)
    _ = pid.withCString { pwrite(file, $0, strlen($0), 0) }
    return file
  }

  private static func holder(of file: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(file, &bytes, bytes.count, 0)
    guard count > 0, let pid = Int(String(decoding: bytes[..<count], as: UTF8.self).trimmed) else {
      return ""
    }
    return " by process \(pid)"
  }

  private static func checkFormat(_ path: String) throws(DataDirectoryError) {
    guard let found = try? String(contentsOfFile: path + "/format", encoding: .utf8) else {
      if FileManager.default.fileExists(atPath: path + "/log") {
        throw DataDirectoryError(
          "\(path) holds a log but no readable 'format' file: it was not made by this program, or "
            + "damaged; restore the file or name another directory"
        )
      }
      return try write(format, to: path + "/format", mode: 0o644)
    }
    guard found == format else {
      throw DataDirectoryError(
        "\(path) is of format '\(found.trimmed)', this version reads '\(format.trimmed)': use the "
          + "version that made it, export the log there and import it here"
      )
    }
  }

  private static func token(_ path: String) throws(DataDirectoryError) -> String {
    let file = path + "/operator-token"
    if let text = try? String(contentsOfFile: file, encoding: .utf8).trimmed, text.utf8.count >= 32
    {
      return text
    }
    let key = SymmetricKey(size: .bits256)
    let text = key.withUnsafeBytes { Data($0).base64EncodedString() }
      .replacingOccurrences(of: "+", with: "-")
      .replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
    try write(text + "\n", to: file, mode: 0o600)
    return text
  }

  /// Replaces a file as a whole: a kill in the middle leaves the old one or none.
  static func write(
    _ text: String,
    to file: String,
    mode: mode_t,
    prepare: (_ descriptor: Int32) -> Void = { _ in }
  ) throws(DataDirectoryError) {
    let fresh = file + ".new"
    // Left by a killed process, if it is there: whoever writes holds a lock.
    unlink(fresh)
    let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw DataDirectoryError("could not write \(file): \(reason())") }
    defer { close(descriptor) }
    prepare(descriptor)
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
      rename(fresh, file) == 0
    else { throw DataDirectoryError("could not write \(file): \(reason())") }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}

/// Why a data directory could not be taken, as one sentence for the operator.
struct DataDirectoryError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension String {
  /// Without blanks and line ends around it.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
