/// The targets that the manifest declares, and where they lie.
struct Manifest: Sendable {
  enum Kind: Sendable {
    case room
    case executable
    case shim
    case tests
  }

  struct Target: Hashable, Sendable {
    let name: String
    let path: String
    let kind: Kind
  }

  let targets: [Target]

  /// Reads the manifest's text; it declares targets in the four ways named here and in no other.
  init(_ text: String) {
    let rooms = text.matches(of: /\broom\(\s*"(\w+)",\s*"([\w\/]+)"/)
      .map { Target(name: String($0.1), path: "Sources/\($0.2)", kind: .room) }
    let shims = text.matches(of: /\.systemLibrary\(\s*name: "(\w+)",\s*path: "([\w\/]+)"/)
      .map { Target(name: String($0.1), path: String($0.2), kind: .shim) }
    let executables = text.matches(
      of: /\.executableTarget\(\s*name: "(\w+)",[^\]]*\],\s*path: "([\w\/]+)"/
    ).map { Target(name: String($0.1), path: String($0.2), kind: .executable) }
    let tests = text.matches(of: /\btests\(\s*"(\w+)"/)
      .map { Target(name: String($0.1), path: "Tests/\($0.1)", kind: .tests) }
    targets = rooms + shims + executables + tests
  }

  /// The target that a file belongs to.
  func target(of path: String) -> Target? {
    targets.first { path.hasPrefix($0.path + "/") }
  }
}
