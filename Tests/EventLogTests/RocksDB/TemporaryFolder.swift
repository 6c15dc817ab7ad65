internal import Foundation

/// A folder that is gone when the test is.
///
/// Its name bears the process that made it: what a killed run left behind, the next one removes.
final class TemporaryFolder: Sendable {
  let path: String

  init(inMemory: Bool = false) throws { path = try Self.make(inMemory: inMemory) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Makes a folder that the caller removes.
  ///
  /// In memory it is on a disk where a sync costs nothing, if the system has one; the files of a
  /// process that dies stay there as on any other.
  static func make(inMemory: Bool = false) throws -> String {
    _ = swept
    let path =
      (inMemory ? memory ?? NSTemporaryDirectory() : NSTemporaryDirectory()) + prefix
      + "\(getpid())-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private static let prefix = "wordweave-log-"

  private static let memory: String? = access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : nil

  /// Removes the folders of processes that are gone; once.
  private static let swept: Void = {
    sweep(NSTemporaryDirectory())
    if let memory { sweep(memory) }
  }()

  private static func sweep(_ folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard name.hasPrefix(prefix), let process = name.split(separator: "-").dropFirst(2).first,
        let id = pid_t(process), kill(id, 0) != 0, errno == ESRCH
      else { continue }
      try? FileManager.default.removeItem(atPath: folder + name)
    }
  }
}
