import Gateway
import HTTPClientDriver
import Testing

@testable import WordWeave

/// Runs a suite beside one system that holds the whole blog: importing it takes half a minute.
struct ImportedBlogTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let scratch = try Scratch()
    let system = try await Served(in: scratch)
    let report = try await system.importBlog()
    try await ImportedBlog.$current.withValue(ImportedBlog(system: system, report: report)) {
      try await function()
    }
    #expect(try await system.stop() == 0)
  }
}

extension Trait where Self == ImportedBlogTrait {
  static var importedBlog: Self { ImportedBlogTrait() }
}

struct ImportedBlog: Sendable {
  @TaskLocal static var current: ImportedBlog?

  let system: Served
  /// How the command that imported it ended.
  let report: Outcome
}

extension Served {
  /// Imports changes; all of the blog unless a file is named.
  func importBlog(_ file: String = SharedBlog.revisions) async throws -> Outcome {
    let child = try startImport(file)
    // Half a minute on a machine that does nothing else, many times that on one that builds.
    let code = try await child.end(within: .seconds(900))
    return Outcome(code: code, printed: child.printed, complaints: child.complaints)
  }

  /// By the address: given the directory of a killed system, the command would open it itself.
  func startImport(_ file: String) throws -> Child {
    try start(
      [
        "import", "revisions", file, "--authors", SharedBlog.authors, "--json", "--url", url,
        "--token-file", data + "/operator-token",
      ],
      in: scratch
    )
  }

  /// Proves that log and read models are sound: nothing found, every digest that of a fresh replay.
  func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let verified = try await wordweave("events", "verify", "--data", data, "--json", in: scratch)
    #expect(verified.code == 0, "\(verified.complaints)", sourceLocation: sourceLocation)
    #expect(try verified.json()["findings"]?.items?.count == 0, sourceLocation: sourceLocation)
    let names = try await json("/v1/admin/projections")["items"]?.items ?? []
    #expect(names.count >= 3, sourceLocation: sourceLocation)
    for name in names.compactMap({ $0["name"]?.text }) {
      let compared = try await wordweave(
        "projections",
        "compare",
        name,
        "--data",
        data,
        "--json",
        in: scratch
      )
      #expect(compared.code == 0, "\(name) \(compared.complaints)", sourceLocation: sourceLocation)
      let last = try compared.json()
      #expect(last["phase"]?.text == "equal", "\(name)", sourceLocation: sourceLocation)
      let live = last["liveDigest"]?.text ?? "none"
      #expect(live == last["freshDigest"]?.text, "\(name)", sourceLocation: sourceLocation)
    }
    let parked = try await json("/v1/admin/parked")["items"]?.items
    #expect(parked?.count == 0, sourceLocation: sourceLocation)
  }
}
