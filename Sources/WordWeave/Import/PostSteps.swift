internal import EventLogCore

/// A post as the commands planned so far leave it.
struct PlannedPost: Sendable, Equatable {
  let id: EventID
  let owner: String
  var content: ImportContent
  /// The address asked for last.
  var slug: String
  /// The date shown; nil before the first publication.
  var publishedAt: Timestamp?
  var isPublished = false
  var isDeleted = false
}

/// The steps that bring a post to where a file wants it; pure, for both kinds of import.
enum PostSteps {
  typealias Step = (name: String, action: ImportCommand.Action)

  static func create(
    _ id: EventID,
    owner: String,
    content: ImportContent,
    slug: String
  ) -> (post: PlannedPost, steps: [Step]) {
    var steps: [Step] = [("create", .createPost(post: id, content))]
    if !slug.isEmpty { steps.append(("slug", .editPost(post: id, ImportChanges(slug: slug)))) }
    return (PlannedPost(id: id, owner: owner, content: content, slug: slug), steps)
  }

  static func change(
    _ post: inout PlannedPost,
    to content: ImportContent,
    slug: String
  ) -> [Step] {
    var steps: [Step] = []
    if post.isDeleted {
      steps.append(("restore", .restorePost(post: post.id)))
      post.isDeleted = false
    }
    var changes = ImportChanges(from: post.content, to: content)
    if slug != post.slug, !slug.isEmpty { changes.slug = slug }
    if !changes.isEmpty {
      steps.append(("edit", .editPost(post: post.id, changes)))
      post.content = content
      if let slug = changes.slug { post.slug = slug }
    }
    return steps
  }

  /// Publishes, or hides, after the working copy was changed by `steps`.
  static func settle(
    _ post: inout PlannedPost,
    _ visibility: PostDraft.Visibility,
    after steps: [Step]
  ) -> [Step] {
    let moment: Timestamp
    switch visibility {
    case .draft:
      guard post.isPublished else { return [] }
      post.isPublished = false
      return [("unpublish", .unpublishPost(post: post.id))]
    case .undated:
      guard post.isPublished, let known = post.publishedAt else { return [] }
      moment = known
    case .published(let date):
      moment = date
    }
    if post.isPublished, steps.isEmpty, moment == post.publishedAt { return [] }
    post.isPublished = true
    post.publishedAt = moment
    return [("publish", .publishPost(post: post.id, publishedAt: moment))]
  }
}
