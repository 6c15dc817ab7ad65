import EventLogCore
import Testing
import Yams

@testable import WordWeave

@Suite(
  .enabled(
    if: RealBlog.isThere,
    "the shared blog lies neither beside the package nor in WORDWEAVE_SHARED"
  )
)
struct RealBlogImportTests {
  /// The files as a reader of their own sees them, apart from the code under test.
  private struct Expected: Equatable {
    let title: String
    let body: [UInt8]
    let authors: [String]
    let category: String?
    let date: String
  }

  private func expected(_ content: String) throws -> Expected {
    let parts = content.components(separatedByFence: "---\n")
    // Some files name a member twice, which Jekyll takes and Yams refuses.
    let lines = parts.yaml.split(separator: "\n")
    let text = lines.indices.filter { index in
      let member = lines[index].prefix { $0 != ":" } + ":"
      return member.hasPrefix(" ") || !lines[(index + 1)...].contains { $0.hasPrefix(member) }
    }
    .map { lines[$0] }.joined(separator: "\n")
    let yaml = try #require(try Yams.load(yaml: text) as? [String: Any])
    let authors = yaml["author"] as? [String] ?? (yaml["author"] as? String).map { [$0] } ?? []
    let dateLine = parts.yaml.split(separator: "\n").first { $0.hasPrefix("date:") } ?? ""
    return Expected(
      title: yaml["title"] as? String ?? "",
      body: Array(parts.body.utf8),
      authors: authors,
      category: yaml["category"] as? String,
      date: String(dateLine.dropFirst(5)).stripped
    )
  }

  @Test func replayingThePlannedCommandsGivesThePublishedPostsExactly() throws {
    let plan = try RealBlog.plan()
    let files = try RealBlog.files()
    var replay = ImportReplay()
    try replay.run(plan.commands)

    #expect(plan.inputs == 870)
    #expect(files.count == 172)
    #expect(replay.posts.count == 172)
    #expect(replay.users.count == plan.users)
    let bySlug = Dictionary(grouping: replay.posts.values, by: \.askedSlug)
    for file in files {
      let expected = try expected(file.content)
      let post = try #require(bySlug[FileNames.slug(file.name)]?.first, "\(file.name)")
      let shown = try #require(post.shown, "\(file.name) is not published")
      #expect(Array(shown.body.utf8) == expected.body, "\(file.name)")
      #expect(shown.title == expected.title, "\(file.name)")
      #expect(shown.tags == (expected.category.map { [$0] } ?? []), "\(file.name)")
      let date = try #require(FrontMatterDate.moment(expected.date), "\(file.name)")
      #expect(post.publishedAt == date, "\(file.name)")
      let names = post.authors.compactMap { replay.users[$0]?.username }
      if !expected.authors.isEmpty { #expect(names == expected.authors, "\(file.name)") }
    }
  }

  @Test func aSecondPlanIsTheSameAndRepeatsEveryCommand() throws {
    let first = try RealBlog.plan()
    let second = try RealBlog.plan()
    #expect(first.commands == second.commands)
    var replay = ImportReplay()
    try replay.run(first.commands)
    let posts = replay.posts
    try replay.run(second.commands)
    #expect(replay.repeats == second.commands.count)
    #expect(replay.posts == posts)
    #expect(Set(first.commands.map(\.id)).count == first.commands.count)
  }

  @Test func untidyInputIsToldAndStopsNothing() throws {
    let findings = try RealBlog.plan().findings
    let plain = findings.filter { $0.kind == .notAPost }
    #expect(plain.map(\.file) == ["CODEOWNERS"])
    let unreadable = findings.filter { $0.kind == .unreadableFrontMatter }
    #expect(
      unreadable.map(\.file) == ["2026-03-06-building-privacy-first-analytics-with-swift.md"]
    )
    #expect(findings.contains { $0.kind == .unknownAuthor })
    #expect(findings.contains { $0.kind == .noAuthor })
    #expect(findings.filter { $0.kind == .unreadableDate }.count == 9)
  }

  @Test func everyRequestStaysWithinItsLimits() throws {
    let plan = try RealBlog.plan()
    let batches = plan.batches()
    #expect(batches.flatMap { $0 } == plan.commands)
    for batch in batches {
      #expect(batch.count <= ImportLimits.batchCommands)
      let bytes = batch.reduce(0) { $0 + $1.line.bytes.count + 1 }
      #expect(bytes <= ImportLimits.batchBytes)
    }
  }

  @Test func theFolderOfPostsAfterTheHistoryChangesNothing() throws {
    var replay = ImportReplay()
    try replay.run(try RealBlog.plan().commands)
    let files = try RealBlog.files()
    let bySlug = Dictionary(grouping: replay.posts, by: \.value.askedSlug)
    var known: [String: MarkdownPlanner.Known] = [:]
    for file in files {
      let (id, post) = try #require(bySlug[FileNames.slug(file.name)]?.first)
      known[file.name] = MarkdownPlanner.Known(
        post: PlannedPost(
          id: id,
          owner: post.owner,
          content: post.working,
          slug: post.askedSlug,
          publishedAt: post.publishedAt,
          isPublished: true
        ),
        revision: Int64(post.events - 1)
      )
    }
    let plan = MarkdownPlanner.plan(
      files,
      authors: try RealBlog.authors(),
      identity: ImportIdentity(name: "blog"),
      known: known,
      fallbackAuthor: "Editor"
    )
    let changes = plan.commands.filter { $0.post != nil }
    #expect(changes.isEmpty, "\(changes.prefix(3))")
  }

  @Test func theFolderOfPostsAloneGivesThePostsToo() throws {
    let files = try RealBlog.files()
    let plan = MarkdownPlanner.plan(
      files,
      authors: try RealBlog.authors(),
      identity: ImportIdentity(name: "blog"),
      known: [:],
      fallbackAuthor: "Editor"
    )
    var replay = ImportReplay()
    try replay.run(plan.commands)
    #expect(replay.posts.values.filter { $0.shown != nil }.count == 172)
    let history = try RealBlog.plan()
    let ids = Set(history.commands.compactMap(\.post))
    // Five of the posts bore another file name first; a running system finds them by address.
    #expect(Set(plan.commands.compactMap(\.post)).subtracting(ids).count == 6)
  }
}

extension String {
  /// Text between the first two fences, and all after the second.
  fileprivate func components(separatedByFence fence: String) -> (yaml: String, body: String) {
    let rest = dropFirst(fence.count)
    var yaml = ""
    var place = rest.startIndex
    while place < rest.endIndex {
      let end = rest[place...].firstIndex(of: "\n").map { rest.index(after: $0) } ?? rest.endIndex
      let line = rest[place..<end]
      place = end
      if line.stripped == "---" { return (yaml, String(rest[place...])) }
      yaml += line
    }
    return (yaml, "")
  }
}
