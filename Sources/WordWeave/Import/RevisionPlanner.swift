internal import EventLogCore

/// Turns a history of files into commands; pure.
///
/// - A post is one file through all its names. Its id follows from the first of them.
/// - The owner is the first author that the front matter named when the file came; a post has one
///   owner for ever. Later front matter changes the byline.
/// - Who edits is the revision's author, whoever owns the post.
/// - A revision whose front matter cannot be read makes no command: the post stays as it was, body
///   included, since half of a revision is a state that nobody wrote.
/// - Every readable revision of a published post is published, so that readers see what the blog
///   showed.
struct RevisionPlanner {
  private let identity: ImportIdentity
  private var authors: ImportAuthors
  private var posts: [PlannedPost] = []
  private var indexOfFile: [String: Int] = [:]
  private var generations: [String: Int] = [:]
  private var plainFiles: Set<String> = []
  private var plan = ImportPlan()
  private var commands: [ImportCommand] = []

  static func plan(
    _ revisions: [Revision],
    authors: AuthorsFile,
    identity: ImportIdentity
  ) -> ImportPlan {
    var planner = RevisionPlanner(identity: identity, authors: ImportAuthors(authors))
    for revision in revisions { planner.add(revision) }
    return planner.finish()
  }

  private init(identity: ImportIdentity, authors: ImportAuthors) {
    self.identity = identity
    self.authors = authors
  }

  private mutating func finish() -> ImportPlan {
    plan.commands = authors.registrations + commands
    plan.users = authors.registrations.count
    plan.posts = posts.count
    return plan
  }

  private mutating func add(_ revision: Revision) {
    plan.inputs += 1
    let before = commands.count
    let told = plan.findings.count
    if revision.change == .renamed { rename(revision) }
    if revision.change == .deleted { delete(revision) } else { apply(revision) }
    if commands.count == before, plan.findings.count == told { plan.unchanged += 1 }
  }

  private mutating func rename(_ revision: Revision) {
    guard let from = revision.from, let index = indexOfFile.removeValue(forKey: from) else {
      return tell(.unexpectedChange, revision, "renamed from a file that was no post; taken as new")
    }
    if indexOfFile[revision.file] != nil {
      tell(.unexpectedChange, revision, "renamed over another post, which keeps its content")
    }
    indexOfFile[revision.file] = index
  }

  private mutating func delete(_ revision: Revision) {
    guard let index = indexOfFile[revision.file] else {
      if plainFiles.contains(revision.file) { return }
      return tell(.unexpectedChange, revision, "deleted, but it never came")
    }
    guard !posts[index].isDeleted else { return }
    posts[index].isDeleted = true
    emit([("delete", .deletePost(post: posts[index].id))], revision)
  }

  private mutating func apply(_ revision: Revision) {
    guard let content = revision.content else {
      return tell(.unexpectedChange, revision, "\(revision.change.rawValue), but without content")
    }
    let index = indexOfFile[revision.file]
    switch MarkdownFile(content) {
    case .plain where index == nil:
      if plainFiles.insert(revision.file).inserted {
        tell(.notAPost, revision, "no front matter; the file is left out")
      }
    case .plain: tell(.unreadableFrontMatter, revision, "gone; the post stays as it was")
    case .unreadable(let reason):
      tell(.unreadableFrontMatter, revision, "\(reason); the post stays as it was")
    case .post(let matter, let body):
      guard
        let draft = PostDraft(
          matter,
          body: body,
          file: revision.file,
          fallbackDate: revision.at
        )
      else {
        return tell(.bodyTooLarge, revision, "\(body.utf8.count) bytes; the revision is left out")
      }
      for finding in draft.findings { tell(finding.kind, revision, finding.detail) }
      if let index { change(index, draft, revision) } else { create(draft, revision) }
    }
  }

  private mutating func create(_ draft: PostDraft, _ revision: Revision) {
    if revision.change == .modified {
      tell(.unexpectedChange, revision, "modified before it came readably; taken as new")
    }
    let named = accounts(of: draft, revision)
    if named.isEmpty {
      tell(.noAuthor, revision, "'\(revision.author)' owns the post")
    }
    let owner = named.first ?? authors.account(ofName: revision.author, at: revision.at)
    let generation = generations[revision.file, default: 0] + 1
    generations[revision.file] = generation
    var (post, steps) = PostSteps.create(
      identity.post(firstFile: revision.file, generation: generation),
      owner: owner,
      content: content(of: draft, named: named, owner: owner),
      slug: draft.slug
    )
    steps += PostSteps.settle(&post, draft.visibility, after: steps)
    indexOfFile[revision.file] = posts.count
    posts.append(post)
    // The owner drafts; whoever made the revision is the actor of everything after.
    emit(Array(steps.prefix(1)), revision, actor: owner)
    emit(Array(steps.dropFirst()), revision)
  }

  private mutating func change(_ index: Int, _ draft: PostDraft, _ revision: Revision) {
    let named = accounts(of: draft, revision)
    var post = posts[index]
    var steps = PostSteps.change(
      &post,
      to: content(of: draft, named: named, owner: post.owner),
      slug: draft.slug
    )
    steps += PostSteps.settle(&post, draft.visibility, after: steps)
    posts[index] = post
    emit(steps, revision)
  }

  private func content(of draft: PostDraft, named: [String], owner: String) -> ImportContent {
    ImportContent(
      title: draft.title,
      body: draft.body,
      tags: draft.tags,
      byline: named == [owner] ? [] : named
    )
  }

  private mutating func accounts(of draft: PostDraft, _ revision: Revision) -> [String] {
    var accounts: [String] = []
    for key in draft.authors {
      let match = authors.account(ofKey: key, at: revision.at)
      if let finding = match.finding { tell(.unknownAuthor, revision, finding) }
      if !accounts.contains(match.userID) { accounts.append(match.userID) }
    }
    return accounts
  }

  private mutating func emit(
    _ steps: [PostSteps.Step],
    _ revision: Revision,
    actor: String? = nil
  ) {
    guard !steps.isEmpty else { return }
    let actor = actor ?? authors.account(ofName: revision.author, at: revision.at)
    for step in steps {
      commands.append(
        ImportCommand(
          id: identity.command(commit: revision.commit, file: revision.file, step: step.name),
          at: revision.at,
          actor: actor,
          action: step.action
        )
      )
    }
  }

  private mutating func tell(_ kind: ImportFinding.Kind, _ revision: Revision, _ detail: String) {
    plan.findings.append(
      ImportFinding(kind: kind, file: revision.file, commit: revision.commit, detail: detail)
    )
  }
}
