import EventLogCore
import Testing

@testable import WordWeave

@Suite struct FrontMatterTests {
  @Test func theBodyIsEverythingAfterTheFrontMatter() {
    let file = MarkdownFile("---\ntitle: 1.0\n--- \n\n---\nA\r\nB")
    #expect(file == .post(FrontMatter(title: "1.0"), body: "\n---\nA\r\nB"))
  }

  @Test func theLastOfARepeatedMemberCounts() {
    let file = MarkdownFile(
      "---\npublished: false\ntitle:\n  One\ntitle: Two\npublished: true\n---\nA"
    )
    #expect(
      file == .post(FrontMatter(title: "Two", repeated: ["published", "title"]), body: "A")
    )
  }

  @Test(arguments: ["", "# Title\n", "---\ntitle: open\n", " ---\n---\n"])
  func aFileWithoutFrontMatterIsPlain(_ content: String) {
    #expect(MarkdownFile(content) == .plain)
  }

  @Test func whatIsNoMappingIsUnreadable() {
    for yaml in ["- a\n", "a: b: c\n", "", "x: [1\n"] {
      guard case .unreadable = MarkdownFile("---\n\(yaml)---\n") else {
        Issue.record("read \(yaml)")
        continue
      }
    }
  }

  @Test(arguments: [
    ("2015-12-03 12:01:01", "2015-12-03T12:01:01.000000Z"),
    ("2022-3-4 7:05:09", "2022-03-04T07:05:09.000000Z"),
    ("2025-5-1", "2025-05-01T00:00:00.000000Z"),
    ("2024-01-31 10:00", "2024-01-31T10:00:00.000000Z"),
    ("2024-01-31 10:00:00 -0700", "2024-01-31T17:00:00.000000Z"),
    ("2024-01-31T10:00:00.5+01:00", "2024-01-31T09:00:00.500000Z"),
    ("2024-01-31 10:00:00Z", "2024-01-31T10:00:00.000000Z"),
  ])
  func datesWithoutAZoneAreUTC(_ text: String, _ expected: String) {
    #expect(FrontMatterDate.moment(text)?.description == expected)
  }

  @Test(arguments: [
    "2025-NN-NN 10:00:00", "soon", "2025-02-30", "2025-01-01 25:00", "2025-01-01 1 2 3", "",
  ])
  func otherTextsAreNoDate(_ text: String) {
    #expect(FrontMatterDate.moment(text) == nil)
  }

  @Test(arguments: [
    ("2015-12-03-welcome.md", "welcome"), ("2017-3-27-swift-3.1-released.md", "swift-3-1-released"),
    ("2025-NN-NN-swift-6.2-released.md", "swift-6-2-released"), ("about.md", "about"),
    ("2025-05-01-memory-safety", "memory-safety"), ("2016-02-01-swift-CI.md", "swift-ci"),
  ])
  func theAddressIsTheFileNameWithoutDateAndEnding(_ file: String, _ slug: String) {
    #expect(FileNames.slug(file) == slug)
  }
}
