import Testing

/// The rules, held against the project as it lies on the disk.
@Suite struct ProjectTests {
  let project: Project
  let manifest: Manifest

  init() throws {
    project = try Project.current.get()
    manifest = Manifest(project.manifest.text)
  }

  private func expectNone(
    _ findings: [Finding],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(findings.isEmpty, "\(findings.report)", sourceLocation: sourceLocation)
  }

  @Test func everyRoomImportsOnlyWhatItsLineAdmits() {
    expectNone(ImportRule().findings(in: project.sources))
  }

  @Test func foldersAreTargetsAndTargetsAreFolders() {
    #expect(manifest.targets.count > 30, "the manifest is no longer read rightly")
    let paths = project.paths.filter { !$0.hasPrefix("schemas/") }
    expectNone(FolderRule(manifest: manifest).strayFiles(paths))
  }

  @Test func theBenchmarksTakeNoNamesOfTargets() throws {
    let benchmarks = try Project.file("Benchmarks/Package.swift")
    #expect(benchmarks.text.contains(".executableTarget("))
    expectNone(FolderRule(manifest: manifest).takenNames(in: benchmarks))
  }

  @Test func fileNamesAreUniqueWithinATarget() {
    expectNone(FolderRule(manifest: manifest).repeatedNames(project.paths))
  }

  @Test func everyServiceHasItsLineInTheCatalogue() {
    let catalogue = project.sources.filter { $0.isIn("Sources/Services/Catalog") }
    expectNone(FolderRule(manifest: manifest).missingServices(project.paths, catalogue: catalogue))
  }

  @Test func noTypeBearsTheNameOfAModule() {
    expectNone(FolderRule(manifest: manifest).namesakes(project.sources))
  }

  @Test(arguments: CodeRule.all)
  func refusedCodeStandsNowhere(rule: CodeRule) {
    expectNone(project.sources.flatMap(rule.findings))
  }

  @Test func nothingIsLeftForLater() {
    expectNone((project.sources + project.tests).flatMap(LeftoverRule.findings))
  }

  @Test func publicNamesKeepTheVocabulary() {
    expectNone(project.sources.flatMap(VocabularyRule().findings))
  }

  @Test(arguments: LawBook.all)
  func everyLawOfAContractIsAFunctionAndIsRun(book: LawBook) {
    let rule = LawRule(
      letter: book.letter,
      contract: project.sources.filter { $0.isIn(book.contract) },
      functions: (project.sources + project.tests).filter { file in
        book.functions.contains(where: file.isIn)
      },
      tests: project.tests.filter { $0.isIn(book.tests) },
      admitted: book.admitted
    )
    expectNone(rule.findings())
  }

  @Test func everyTypeOfEventHasItsGoldenFile() throws {
    let fixtures = project.paths.filter { $0.contains("/Fixtures/") }
    let schemas = try project.paths.filter { $0.hasSuffix("/events.proto") }.map(Project.file)
    #expect(!schemas.isEmpty)
    expectNone(schemas.flatMap { GoldenFileRule.findings(schema: $0, fixtures: fixtures) })
  }
}
