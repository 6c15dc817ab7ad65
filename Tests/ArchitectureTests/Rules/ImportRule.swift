/// An import statement.
struct Import: Hashable {
  let module: String
  let line: Int

  /// The imports of a file, whatever attributes and access they bear.
  static func all(in file: SourceFile) -> [Import] {
    file.code.enumerated().lazy.filter { $0.element.holds("import ") }.flatMap { number, line in
      line.split(separator: ";").compactMap { statement in
        guard
          let match = statement.firstMatch(
            of:
              /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/
          )
        else { return nil }
        return Import(module: String(match.1), line: number + 1)
      }
    }
  }
}

/// Holds the table of rooms.
struct ImportRule {
  var rooms = ImportTable.rooms
  var free = ImportTable.free
  var foundation = ImportTable.foundation

  static let foundationModules: Set<String> = [
    "Foundation", "FoundationEssentials", "FoundationInternationalization", "FoundationNetworking",
    "Dispatch",
  ]

  func findings(in files: [SourceFile]) -> [Finding] { files.flatMap(findings(in:)) }

  func findings(in file: SourceFile) -> [Finding] {
    let imports = Import.all(in: file)
    let refused = imports.filter { Self.foundationModules.contains($0.module) }
      .filter { _ in !foundation.contains { file.path == $0.path || file.isIn($0.path) } }
      .map {
        Finding(
          file.path,
          line: $0.line,
          "imports \($0.module); only what ImportTable.foundation names with a reason may do so."
        )
      }
    if free.contains(where: file.isIn) { return refused }
    let holders = rooms.filter { file.isIn($0.folder) }
    guard let room = holders.max(by: { $0.folder.count < $1.folder.count }) else {
      return refused + [
        Finding(
          file.path,
          "lies in no room; add its folder to ImportTable.rooms with what it may import."
        )
      ]
    }
    return refused
      + imports
      .filter { !room.modules.contains($0.module) && !Self.foundationModules.contains($0.module) }
      .map {
        Finding(
          file.path,
          line: $0.line,
          "imports \($0.module), which \(room.folder) may not; ask through a contract instead, or "
            + "change ImportTable.rooms with a decision note."
        )
      }
  }
}
