internal import EventLogCore
package import Schemas
internal import ServiceKit
internal import SwiftProtobuf

// The document holds all of a post's state, so that read model, command side and history show a
// post by the same code.

extension Wordweave_Posts_V1_PostDocument {
  init(_ state: PostState) {
    self.init()
    postID = state.id
    ownerID = state.owner
    working = Wordweave_Posts_V1_PostContent(state.working)
    if let shown = state.shown {
      published = true
      if shown != state.working { self.shown = Wordweave_Posts_V1_PostContent(shown) }
    }
    if let time = state.deletedAt { deletedAt = time.microseconds }
    slug = state.slug
    slugs = state.slugs
    wantedSlug = state.wantedSlug
    publishedAt = state.publishedAt?.microseconds ?? 0
    createdAt = state.createdAt.microseconds
    updatedAt = state.updatedAt.microseconds
    shownAt = state.shownAt.microseconds
    revision = state.revision.number
  }
}

extension PostState {
  package init(_ document: Wordweave_Posts_V1_PostDocument) {
    self.init()
    exists = true
    id = document.postID
    owner = document.ownerID
    working = Content(document.working)
    if document.published {
      shown = document.hasShown ? Content(document.shown) : working
    }
    deletedAt = document.hasDeletedAt ? Timestamp(microseconds: document.deletedAt) : nil
    slug = document.slug
    slugs = document.slugs
    wantedSlug = document.wantedSlug
    // A post that was never published has no slug.
    publishedAt =
      document.slugs.isEmpty ? nil : Timestamp(microseconds: document.publishedAt)
    createdAt = Timestamp(microseconds: document.createdAt)
    updatedAt = Timestamp(microseconds: document.updatedAt)
    shownAt = Timestamp(microseconds: document.shownAt)
    revision = StreamRevision(document.revision)
  }
}

extension Content {
  fileprivate init(_ content: Wordweave_Posts_V1_PostContent) {
    self.init(
      title: content.title,
      summary: content.summary,
      body: content.body,
      tags: content.tags,
      cover: content.cover,
      byline: content.byline
    )
  }
}

extension Wordweave_Posts_V1_PostContent {
  fileprivate init(_ content: Content) {
    self.init()
    title = content.title
    summary = content.summary
    body = content.body
    tags = content.tags
    cover = content.cover
    byline = content.byline
  }
}

extension Wordweave_Posts_V1_PostEntry {
  /// A post as lists show it.
  init(_ state: PostState) {
    self.init()
    post = Wordweave_Posts_V1_Post(state, isWorkingCopy: !state.isPublic)
    post.body = ""
    slugs = state.slugs
    deletedAt = state.deletedAt?.microseconds ?? 0
  }
}

extension Wordweave_Posts_V1_Post {
  /// A post, as its owner edits it or as readers see it.
  package init(_ state: PostState, isWorkingCopy: Bool) {
    self.init()
    let content = isWorkingCopy ? state.working : state.shown ?? state.working
    postID = state.id
    ownerID = state.owner
    byline = content.byline.isEmpty ? [state.owner] : content.byline
    title = content.title
    summary = content.summary
    body = content.body
    tags = content.tags
    cover = content.cover
    slug = state.slug
    status = state.deletedAt != nil ? .deleted : state.shown != nil ? .published : .draft
    createdAt = state.createdAt.microseconds
    publishedAt = state.publishedAt?.microseconds ?? 0
    revision = state.revision.number
    if isWorkingCopy {
      updatedAt = state.updatedAt.microseconds
      hasUnpublishedChanges_p = state.hasUnpublishedChanges
      wantedSlug = state.wantedSlug
    } else {
      updatedAt = state.shownAt.microseconds
    }
  }
}
