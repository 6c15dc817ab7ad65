import FoundationEssentials

/// A folder for databases, gone when the figure is done.
struct Scratch: Sendable {
  let path: String

  /// Lends a fresh folder and removes it afterwards, whatever happens.
  static func with<R>(_ settings: Settings, _ body: (Scratch) async throws -> R) async throws -> R {
    let path = settings.folder + "/" + UUID().uuidString
    let files = FileManager.default
    try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: path) }
    return try await body(Scratch(path: path))
  }

  /// A folder inside, for one database.
  func folder(_ name: String) -> String { path + "/" + name }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: folder(name)) }
}
