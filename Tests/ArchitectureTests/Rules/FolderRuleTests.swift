import Testing

@Suite struct FolderRuleTests {
  private let manifest = Manifest(
    """
    room("PostsService", "Services/Posts", ["ServiceKit"]),
    room(
      "ServiceKit", "Services/Kit",
      ["EventLogCore"]),
    .systemLibrary(
      name: "CCurl", path: "Sources/Shims/CCurl"),
    .executableTarget(
      name: "WordWeave",
      dependencies: [
        "Gateway"
      ],
      path: "Sources/WordWeave",
    tests("GatewayTests", ["Gateway"]),
    """
  )
  private var rule: FolderRule { FolderRule(manifest: manifest) }

  @Test func theFourKindsOfTargetsAreRead() {
    #expect(
      manifest.targets.map(\.path).sorted() == [
        "Sources/Services/Kit", "Sources/Services/Posts", "Sources/Shims/CCurl",
        "Sources/WordWeave",
        "Tests/GatewayTests",
      ]
    )
  }

  @Test func aSourceAboveTargetsIsTold() {
    let whole = [
      "Sources/Services/Kit/A.swift", "Sources/Services/Posts/A.swift",
      "Sources/Shims/CCurl/module.modulemap", "Sources/WordWeave/A.swift",
      "Tests/GatewayTests/A.swift",
    ]
    #expect(rule.strayFiles(whole).isEmpty)
    #expect(
      rule.strayFiles(whole + ["Sources/Services/A.swift"]).map(\.path) == [
        "Sources/Services/A.swift"
      ]
    )
    #expect(
      rule.strayFiles(whole + ["Sources/Shelf/A.swift"]).map(\.path) == ["Sources/Shelf/A.swift"]
    )
  }

  @Test func aTargetWithoutSourceIsTold() {
    #expect(rule.strayFiles(["Sources/Services/Kit/A.swift"]).count == 4)
  }

  @Test func aNameThatIsTakenIsTold() {
    func findings(_ text: String) -> [Finding] {
      rule.takenNames(in: SourceFile(path: "Benchmarks/Package.swift", text: text))
    }
    #expect(findings(#".systemLibrary(name: "CCurl", path: "Sources/CCurl")"#).count == 1)
    #expect(findings(".executableTarget(\n  name: \"WordWeave\", dependencies: [])").count == 1)
    #expect(findings(#".target(name: "Measuring"), .product(name: "CCurl")"#).isEmpty)
  }

  @Test func twoFilesOfOneNameAreTold() {
    let paths = ["Sources/Services/Kit/A.swift", "Sources/Services/Kit/B/A.swift"]
    #expect(rule.repeatedNames(paths).count == 1)
    #expect(
      rule.repeatedNames(["Sources/Services/Kit/A.swift", "Sources/WordWeave/A.swift"]).isEmpty
    )
  }

  @Test func aServiceOutsideTheCatalogueIsTold() {
    let paths = ["Sources/Services/Kit/A.swift", "Sources/Services/Posts/A.swift"]
    let path = "Sources/Services/Catalog/Catalog.swift"
    let full = SourceFile(path: path, text: "internal import PostsService")
    let empty = SourceFile(path: path, text: "// import PostsService")
    #expect(rule.missingServices(paths, catalogue: [full]).isEmpty)
    #expect(
      rule.missingServices(paths, catalogue: [empty]).map(\.path) == ["Sources/Services/Posts"]
    )
    #expect(rule.missingServices(["Sources/Services/Likes/A.swift"], catalogue: []).count == 1)
  }

  @Test func aTypeNamedAsAModuleIsTold() {
    let file = SourceFile(
      path: "Sources/WordWeave/A.swift",
      text: "// enum WordWeave\nenum WordWeave {}"
    )
    #expect(rule.namesakes([file]).map(\.line) == [2])
  }
}
