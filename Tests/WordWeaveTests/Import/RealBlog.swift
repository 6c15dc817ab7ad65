import EventLogCore
import Foundation

@testable import WordWeave

/// The history of a real blog, where it lies beside the package or in `WORDWEAVE_SHARED`.
enum RealBlog {
  static let folder: String = {
    let named = ProcessInfo.processInfo.environment["WORDWEAVE_SHARED"].flatMap {
      $0.isEmpty ? nil : $0
    }
    let shared =
      named
      ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../../shared").standardized.path
    return shared + "/realdata/swift-org-blog"
  }()

  /// Whether tests can use it; where it is required they fail without it.
  static var isThere: Bool {
    FileManager.default.fileExists(atPath: folder + "/revisions.ndjson")
      || (ProcessInfo.processInfo.environment["WORDWEAVE_REQUIRE"] ?? "")
        .split(separator: ",").contains("shared")
  }

  static func authors() throws -> AuthorsFile {
    try AuthorsFile(yaml: Files.text(folder + "/authors.yml"))
  }

  static func revisions() throws -> [Revision] {
    Revision.read(lines: try Files.read(folder + "/revisions.ndjson")).revisions
  }

  static func plan() throws -> ImportPlan {
    RevisionPlanner.plan(
      try revisions(),
      authors: try authors(),
      identity: ImportIdentity(name: "blog")
    )
  }

  static func files() throws -> [MarkdownPlanner.File] {
    try Files.list(folder + "/posts").map {
      MarkdownPlanner.File(
        name: $0.name,
        content: try Files.text(folder + "/posts/" + $0.name),
        modifiedAt: Timestamp(microseconds: $0.modified)
      )
    }
  }
}
