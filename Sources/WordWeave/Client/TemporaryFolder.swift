internal import Foundation

/// A folder that lives as long as a piece of work.
enum TemporaryFolder {
  /// Makes a folder, lends it and removes it with all that is in it.
  static func with<R>(_ prefix: String, _ body: (String) async throws -> R) async throws -> R {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(prefix)-\(UUID().uuidString.lowercased())").path
    do {
      try FileManager.default.createDirectory(
        atPath: folder,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
    } catch {
      throw CommandError("making the temporary folder \(folder)", found: "\(error)")
    }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
  }
}
