import FoundationEssentials

/// The project's files as they lie on the disk.
struct Project: Sendable {
  /// Swift files below `Sources`, generated ones left out: their style is their generator's.
  let sources: [SourceFile]
  /// Swift files below `Tests`.
  let tests: [SourceFile]
  /// The manifest.
  let manifest: SourceFile
  /// Every path below `Sources`, `Tests` and `schemas`, files only.
  let paths: [String]

  static let generated = "Sources/Schemas/Generated"

  /// Read once for all tests.
  static let current: Result<Project, any Error> = Result { try Project() }

  private init() throws {
    let paths = try ["Sources", "Tests", "schemas"].flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: Self.root + "/" + folder)
        .map { folder + "/" + $0 }
    }
    self.paths = paths.sorted()
    let swift = self.paths.filter { $0.hasSuffix(".swift") && !$0.contains("/.build/") }
    sources = try swift.filter { $0.hasPrefix("Sources/") && !$0.hasPrefix(Self.generated + "/") }
      .map(Self.file)
    tests = try swift.filter { $0.hasPrefix("Tests/") }.map(Self.file)
    manifest = try Self.file("Package.swift")
  }

  /// Reads a file of the project.
  static func file(_ path: String) throws -> SourceFile {
    let data = try Data(contentsOf: URL(filePath: root + "/" + path))
    return SourceFile(path: path, text: String(decoding: data, as: UTF8.self))
  }

  private static let root = #filePath.split(separator: "/").dropLast(4)
    .reduce(into: "") { $0 += "/" + $1 }
}
