internal import Synchronization

/// Keeps everything in memory; for tests and trials.
public final class MemoryIdentityStore: IdentityStore {
  private let files = Mutex<[String: [String: [UInt8]]]>([:])

  /// Starts empty.
  public init() {}

  /// All files of a folder, by name.
  public func load(folder: String) -> [(name: String, bytes: [UInt8])] {
    files.withLock { $0[folder] ?? [:] }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Replaces a file.
  public func save(_ bytes: [UInt8], folder: String, name: String) {
    files.withLock { $0[folder, default: [:]][name] = bytes }
  }

  /// Removes a file.
  public func remove(folder: String, name: String) {
    files.withLock { $0[folder]?[name] = nil }
  }
}
