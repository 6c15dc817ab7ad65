/// Folders are targets, targets are folders, services are in the catalogue.
struct FolderRule {
  var manifest: Manifest
  /// Folders of services that the catalogue does not list: two are no service themselves, and the
  /// Event Service administers the log it needs whole, so the composition root assembles it.
  static let kitchen: Set<String> = ["Kit", "Catalog", "Events"]

  /// Sources that no target compiles, and targets without a source.
  func strayFiles(_ paths: [String]) -> [Finding] {
    let code = paths.filter { $0.hasSuffix(".swift") || $0.hasSuffix("module.modulemap") }
    let stray = code.filter { manifest.target(of: $0) == nil }.map { path in
      let below = manifest.targets.filter { $0.path.hasPrefix(folder(of: path) + "/") }
      return Finding(
        path,
        below.isEmpty
          ? "belongs to no target; name its folder in Package.swift."
          : "lies in a folder that holds targets (\(below.map(\.name).joined(separator: ", "))); such a "
            + "folder holds folders only."
      )
    }
    let empty = manifest.targets.filter { target in
      !code.contains { $0.hasPrefix(target.path + "/") }
    }
    .map { Finding("Package.swift", "declares \($0.name) at \($0.path), where no source lies.") }
    return stray + empty
  }

  /// Two files of one name in a target: the compiler names its outputs after them.
  func repeatedNames(_ paths: [String]) -> [Finding] {
    let swift = paths.filter { $0.hasSuffix(".swift") }
    let byName = Dictionary(grouping: swift) { path in
      "\(manifest.target(of: path)?.name ?? "")/\(path.split(separator: "/").last ?? "")"
    }
    return byName.values.filter { $0.count > 1 }.map { same in
      Finding(same[0], "bears the same name as \(same.dropFirst().joined(separator: ", ")).")
    }
  }

  /// Services whose folder exists and which nobody assembles.
  func missingServices(_ paths: [String], catalogue: [SourceFile]) -> [Finding] {
    let folders = Set(
      paths.filter { $0.hasPrefix("Sources/Services/") && $0.hasSuffix(".swift") }
        .compactMap { $0.split(separator: "/").dropFirst(2).first.map(String.init) }
    )
    let imported = Set(catalogue.flatMap { Import.all(in: $0).map(\.module) })
    return folders.subtracting(Self.kitchen).sorted().compactMap { folder in
      let path = "Sources/Services/\(folder)"
      guard let target = manifest.targets.first(where: { $0.path == path }) else {
        return Finding(path, "is no target; declare it in Package.swift.")
      }
      guard imported.contains(target.name) else {
        return Finding(
          path,
          "has no line in the catalogue: import \(target.name) in Sources/Services/Catalog and add its "
            + "module to the list."
        )
      }
      return nil
    }
  }

  /// Targets of another package over this one whose names are taken here: the two are built as one,
  /// and a name that stands twice is refused before anything is compiled.
  func takenNames(in other: SourceFile) -> [Finding] {
    let names = Set(manifest.targets.map(\.name))
    return other.text.matches(of: /\.(?:systemLibrary|executableTarget|target)\(\s*name: "(\w+)"/)
      .filter { names.contains(String($0.1)) }
      .map { Finding(other.path, "declares \($0.1), which is a target of Package.swift.") }
  }

  /// Types that bear the name of a module: `Module.Type` then means the type's member.
  func namesakes(_ files: [SourceFile]) -> [Finding] {
    let names = Set(manifest.targets.map(\.name))
    return files.flatMap { file in
      file.code.enumerated().compactMap { number, line in
        guard Self.declarations.contains(where: line.holds),
          let match = line.firstMatch(
            of: /\b(?:struct|class|enum|actor|protocol|typealias)\s+(\w+)/
          ),
          names.contains(String(match.1))
        else { return nil }
        return Finding(
          file.path,
          line: number + 1,
          "declares \(match.1), which is the name of a module."
        )
      }
    }
  }

  private static let declarations = [
    "struct ", "class ", "enum ", "actor ", "protocol ", "typealias ",
  ]

  private func folder(of path: String) -> String {
    path.split(separator: "/").dropLast().joined(separator: "/")
  }
}
