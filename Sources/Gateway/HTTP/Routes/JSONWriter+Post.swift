package import Schemas

extension JSONWriter {
  /// A post; lists leave the body out.
  package mutating func post(
    _ post: Wordweave_Posts_V1_Post,
    includesBody: Bool,
    author: Wordweave_Users_V1_User?? = nil
  ) {
    object { writer in
      writer.member("id", post.postID)
      writer.member("ownerId", post.ownerID)
      writer.member("byline", post.byline)
      writer.member("title", post.title)
      writer.member("summary", orNull: post.summary)
      if includesBody { writer.member("body", post.body) }
      writer.member("tags", post.tags)
      writer.member("cover", orNull: post.cover)
      writer.member("slug", orNull: post.slug)
      if !post.wantedSlug.isEmpty { writer.member("wantedSlug", post.wantedSlug) }
      writer.key("status")
      writer.text(Self.status(post.status))
      writer.member("createdAt", moment: post.createdAt)
      writer.member("updatedAt", moment: post.updatedAt)
      writer.key("publishedAt")
      if post.publishedAt == 0 { writer.null() } else { writer.moment(post.publishedAt) }
      writer.member("revision", post.revision)
      writer.member("hasUnpublishedChanges", post.hasUnpublishedChanges_p)
      if let author {
        writer.key("author")
        if let author { writer.user(author) } else { writer.null() }
      }
    }
  }

  private static func status(_ status: Wordweave_Posts_V1_Status) -> String {
    switch status {
    case .draft: "draft"
    case .published: "published"
    case .deleted: "deleted"
    default: "unknown"
    }
  }

  /// One entry of a history.
  package mutating func revision(_ revision: Wordweave_Posts_V1_Revision) {
    object { writer in
      writer.member("revision", revision.revision)
      writer.member("actorId", orNull: revision.actorID)
      writer.member("at", moment: revision.at)
      writer.member("change", revision.change)
      writer.member("members", revision.members)
    }
  }
}
