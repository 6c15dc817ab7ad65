internal import Foundation

/// A folder that is gone when the test is.
///
/// Its name bears the process that made it: what a killed run left behind, the next one removes.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws { path = try Self.make() }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Makes a folder that the caller removes.
  static func make() throws -> String {
    _ = swept
    let path = NSTemporaryDirectory() + prefix + "\(getpid())-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private static let prefix = "wordweave-log-"

  /// Removes the folders of processes that are gone; once.
  private static let swept: Void = {
    let folder = NSTemporaryDirectory()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard name.hasPrefix(prefix), let process = name.split(separator: "-").dropFirst(2).first,
        let id = pid_t(process), kill(id, 0) != 0, errno == ESRCH
      else { continue }
      try? FileManager.default.removeItem(atPath: folder + name)
    }
  }()
}
