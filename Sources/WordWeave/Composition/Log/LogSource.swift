internal import EventLogCore
internal import Glibc

// The file `log-source` of a data directory whose log lies elsewhere, format 1: a line that says so,
// the log's URL without secrets, the log's id. Read models and tokens of the directory belong to
// that log.

/// Which log a data directory belongs to.
struct LogSource {
  private static let firstLine = "wordweave log-source 1"

  private struct Kept {
    let url: String
    let id: String
  }

  private let directory: DataDirectory
  private let kept: Kept?

  /// Reads what a directory says.
  init(of directory: DataDirectory) throws {
    self.directory = directory
    kept = try Self.read(directory.logSource)
  }

  /// The log of a directory that is not opened, without secrets; nil if it lies in the directory.
  static func url(in directory: String) throws -> String? {
    try read(directory + "/" + DataDirectory.logSourceName)?.url
  }

  private static func read(_ file: String) throws -> Kept? {
    guard access(file, F_OK) == 0 else { return nil }
    let lines = try Files.text(file).split(separator: "\n").map(String.init)
    guard lines.count == 3, lines[0] == firstLine else {
      throw DataDirectoryError("\(file) does not say where the log is")
    }
    return Kept(url: lines[1], id: lines[2])
  }

  /// The log to open: the one that was asked for, else the one the directory belongs to.
  func choice(_ asked: LogChoice?) throws -> LogChoice {
    guard let asked else { return try kept.map { try LogChoice($0.url) } ?? .embedded }
    guard asked != .embedded, kept == nil, access(directory.log, F_OK) == 0 else { return asked }
    throw DataDirectoryError(
      "\(directory.path) holds a log of its own, and read models that belong to it: name another "
        + "directory with --data for the log at \(asked)"
    )
  }

  /// Notes the log that was opened.
  ///
  /// - Throws: if the directory belongs to another.
  func confirm(_ choice: LogChoice, _ identity: LogIdentity) throws {
    guard choice != .embedded else { return }
    let id = "\(identity.id)"
    if let kept, kept.id != id {
      throw DataDirectoryError(
        "\(directory.path) belongs to log \(kept.id) at \(kept.url), and \(choice) holds log \(id): "
          + "name another directory with --data"
      )
    }
    guard kept?.url != choice.description else { return }
    try DataDirectory.write(
      "\(Self.firstLine)\n\(choice)\n\(id)\n",
      to: directory.logSource,
      mode: 0o644
    )
  }
}
