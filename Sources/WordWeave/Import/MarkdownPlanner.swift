internal import EventLogCore

/// Turns a folder of Markdown files into commands; pure.
///
/// The identity rule is that of revisions: a file is a post, its id follows from its name. Posts
/// that are there already, found by id or by address, are brought to what the files say.
enum MarkdownPlanner {
  struct File: Sendable {
    let name: String
    let content: String
    /// When the file changed last: the time of drafts.
    let modifiedAt: Timestamp
  }

  /// A post that the system has, and the revision at which it was looked at.
  struct Known: Sendable {
    var post: PlannedPost
    let revision: Int64
  }

  /// Plans what brings the posts to what the files say.
  ///
  /// `known` is by file name; `fallbackAuthor` is the display name of who owns posts that name no
  /// author.
  static func plan(
    _ files: [File],
    authors: AuthorsFile,
    identity: ImportIdentity,
    known: [String: Known],
    fallbackAuthor: String
  ) -> ImportPlan {
    var plan = ImportPlan()
    var authors = ImportAuthors(authors)
    var commands: [ImportCommand] = []
    for file in files {
      plan.inputs += 1
      func tell(_ kind: ImportFinding.Kind, _ detail: String) {
        plan.findings.append(
          ImportFinding(kind: kind, file: file.name, commit: "", detail: detail)
        )
      }
      let matter: FrontMatter
      let body: String
      switch MarkdownFile(file.content) {
      case .plain:
        tell(.notAPost, "no front matter; the file is left out")
        continue
      case .unreadable(let reason):
        tell(.unreadableFrontMatter, "\(reason); the file is left out")
        continue
      case .post(let read, let text): (matter, body) = (read, text)
      }
      guard
        let draft = PostDraft(matter, body: body, file: file.name, fallbackDate: file.modifiedAt)
      else {
        tell(.bodyTooLarge, "\(body.utf8.count) bytes; the file is left out")
        continue
      }
      for finding in draft.findings { tell(finding.kind, finding.detail) }
      var at = file.modifiedAt
      if case .published(let moment) = draft.visibility { at = moment }
      var named: [String] = []
      for key in draft.authors {
        let match = authors.account(ofKey: key, at: at)
        if let finding = match.finding { tell(.unknownAuthor, finding) }
        if !named.contains(match.userID) { named.append(match.userID) }
      }
      let there = known[file.name]
      if named.isEmpty, there == nil { tell(.noAuthor, "'\(fallbackAuthor)' owns the post") }
      let owner =
        there?.post.owner ?? named.first ?? authors.account(ofName: fallbackAuthor, at: at)
      let content = ImportContent(
        title: draft.title,
        body: draft.body,
        tags: draft.tags,
        byline: named == [owner] ? [] : named
      )
      var post: PlannedPost
      var steps: [PostSteps.Step]
      if let there {
        post = there.post
        steps = PostSteps.change(&post, to: content, slug: draft.slug)
      } else {
        (post, steps) = PostSteps.create(
          identity.post(firstFile: file.name, generation: 1),
          owner: owner,
          content: content,
          slug: draft.slug
        )
      }
      steps += PostSteps.settle(&post, draft.visibility, after: steps)
      plan.posts += 1
      if steps.isEmpty { plan.unchanged += 1 }
      // The revision is part of the commit's place: a file that goes back to an earlier content is
      // another command than the one that first brought that content.
      let commit =
        ImportIdentity.digest(of: file.content) + (there.map { "@\($0.revision)" } ?? "")
      commands += steps.map { step in
        ImportCommand(
          id: identity.command(commit: commit, file: file.name, step: step.name),
          at: at,
          actor: owner,
          action: step.action
        )
      }
    }
    plan.commands = authors.registrations + commands
    plan.users = authors.registrations.count
    return plan
  }
}
