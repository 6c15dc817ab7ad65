import EventLogCore
import Testing

@testable import WordWeave

@Suite struct RevisionPlannerTests {
  private let authors = try? AuthorsFile(yaml: "ann:\n  name: Ann Lee\nbob:\n  name: Bob\n")

  private func post(
    title: String = "One",
    author: String = "author: ann",
    date: String = "2024-01-02 10:00:00",
    more: String = "",
    body: String = "\nText\n"
  ) -> String {
    "---\nlayout: post\ntitle: \(title)\ndate: \(date)\n\(author)\n\(more)---\n\(body)"
  }

  private func revision(
    _ commit: String,
    _ change: Revision.Change,
    _ file: String = "2024-01-02-one.md",
    from: String? = nil,
    author: String = "Ann Lee",
    content: String? = nil
  ) -> Revision {
    Revision(
      commit: commit,
      at: Timestamp(microseconds: Int64(commit.count) * 1_000_000),
      author: author,
      change: change,
      file: file,
      from: from,
      content: content
    )
  }

  private func plan(_ revisions: Revision...) throws -> (ImportPlan, [String]) {
    let plan = RevisionPlanner.plan(
      revisions,
      authors: try #require(authors),
      identity: ImportIdentity(name: "test")
    )
    return (plan, plan.commands.filter { $0.post != nil }.map(\.kind))
  }

  @Test func anAddedFileIsCreatedAskedItsAddressAndPublished() throws {
    let (plan, kinds) = try plan(revision("a", .added, content: post()))
    #expect(kinds == ["createPost", "editPost", "publishPost"])
    #expect(plan.findings.isEmpty)
    #expect(plan.users == 1)
  }

  @Test func anUnpublishedFileStaysADraft() throws {
    let (_, kinds) = try plan(revision("a", .added, content: post(more: "published: false\n")))
    #expect(kinds == ["createPost", "editPost"])
  }

  @Test func onlyChangedMembersAreEdited() throws {
    let (plan, kinds) = try plan(
      revision("a", .added, content: post()),
      revision("b", .modified, author: "Somebody Else", content: post(title: "Two"))
    )
    #expect(kinds.suffix(2) == ["editPost", "publishPost"])
    var changes = ImportChanges()
    changes.title = "Two"
    let edit = try #require(plan.commands.dropLast().last)
    let id = try #require(edit.post)
    #expect(edit.action == .editPost(post: id, changes))
    #expect(edit.actor == ImportIdentity.account(ofName: "Somebody Else"))
  }

  @Test func aRevisionThatChangesNothingMakesNoCommand() throws {
    let content = post()
    let (plan, kinds) = try plan(
      revision("a", .added, content: content),
      revision("b", .modified, content: content.replacing("layout: post", with: "layout: other"))
    )
    #expect(kinds.count == 3)
    #expect(plan.unchanged == 1)
  }

  @Test func aRenamedFileIsTheSamePostUnderAnotherAddress() throws {
    let (plan, kinds) = try plan(
      revision("a", .added, content: post()),
      revision("b", .renamed, "2024-01-03-two.md", from: "2024-01-02-one.md", content: post())
    )
    #expect(kinds.suffix(2) == ["editPost", "publishPost"])
    #expect(Set(plan.commands.compactMap(\.post)).count == 1)
    #expect(plan.posts == 1)
  }

  @Test func aFileUnderAFormerNameIsAnotherPost() throws {
    let (plan, _) = try plan(
      revision("a", .added, content: post()),
      revision("b", .renamed, "2024-01-03-two.md", from: "2024-01-02-one.md", content: post()),
      revision("c", .added, content: post(title: "Three"))
    )
    #expect(Set(plan.commands.compactMap(\.post)).count == 2)
  }

  @Test func aFileThatComesBackRestoresItsPost() throws {
    let (_, kinds) = try plan(
      revision("a", .added, content: post()),
      revision("b", .deleted),
      revision("c", .added, content: post(title: "Again"))
    )
    #expect(kinds.suffix(4) == ["deletePost", "restorePost", "editPost", "publishPost"])
  }

  @Test func invalidFrontMatterLeavesThePostAsItWas() throws {
    let (plan, kinds) = try plan(
      revision("a", .added, content: post()),
      revision("b", .modified, content: post(title: "One: two", body: "Other\n"))
    )
    #expect(kinds.count == 3)
    #expect(plan.findings.map(\.kind) == [.unreadableFrontMatter])
  }

  @Test func aPostThatFirstComesUnreadablyIsMadeByTheNextRevision() throws {
    let (plan, kinds) = try plan(
      revision("a", .added, content: post(title: "One: two")),
      revision("b", .modified, content: post())
    )
    #expect(kinds == ["createPost", "editPost", "publishPost"])
    #expect(plan.findings.map(\.kind) == [.unreadableFrontMatter, .unexpectedChange])
  }

  @Test func anUndatedPostWaitsAsADraft() throws {
    let (plan, kinds) = try plan(
      revision("a", .added, content: post(date: "2025-NN-NN 10:00:00")),
      revision("b", .modified, content: post())
    )
    #expect(kinds == ["createPost", "editPost", "publishPost"])
    #expect(plan.findings.map(\.kind) == [.unreadableDate])
  }

  @Test func severalAuthorsAreABylineAndTheFirstOwns() throws {
    let (plan, _) = try plan(
      revision("a", .added, content: post(author: "author: [bob, ann, eve]"))
    )
    let create = try #require(plan.commands.first { $0.kind == "createPost" })
    #expect(create.actor == ImportIdentity.account(ofKey: "bob"))
    guard case .createPost(_, let content) = create.action else { return }
    #expect(content.byline == ["bob", "ann", "eve"].map { ImportIdentity.account(ofKey: $0) })
    #expect(plan.findings.map(\.kind) == [.unknownAuthor])
  }

  @Test func keysThatDifferInCaseAreOneAuthor() throws {
    let (plan, _) = try plan(revision("a", .added, content: post(author: "author: Ann")))
    #expect(plan.users == 1)
    #expect(plan.findings.map(\.detail) == ["'Ann' is taken for 'ann'"])
  }

  @Test func withoutAnAuthorTheRevisionsAuthorOwns() throws {
    let (plan, _) = try plan(
      revision("a", .added, author: "Bob", content: post(author: "category: X"))
    )
    let create = try #require(plan.commands.first { $0.kind == "createPost" })
    #expect(create.actor == ImportIdentity.account(ofKey: "bob"))
    #expect(plan.findings.map(\.kind) == [.noAuthor])
  }

  @Test func anotherImportNameIsAnotherBlog() {
    let one = ImportIdentity(name: "one").post(firstFile: "a.md", generation: 1)
    let two = ImportIdentity(name: "two").post(firstFile: "a.md", generation: 1)
    #expect(one != two)
    #expect(one.description.dropFirst(14).first == "8")
  }

  @Test func postsThatAskForOneAddressAreNeverInOneRequest() throws {
    let (plan, _) = try plan(
      revision("a", .added, content: post()),
      revision("a", .added, "2024-05-05-one.md", content: post())
    )
    #expect(plan.batches().count == 2)
  }
}
