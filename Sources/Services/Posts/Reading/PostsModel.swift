internal import EventLogCore
package import ProjectionsCore
package import Schemas
internal import SwiftProtobuf

/// The collections of the Posts Service's read models.
package enum PostsModel {
  package typealias Page = Wordweave_Posts_V1_PostDocument
  package typealias Entry = Wordweave_Posts_V1_PostEntry
  package typealias HistoryEntry = Wordweave_Posts_V1_Revision

  /// Whole posts under their ids: one read answers for a post.
  package static let pages = Collection<Page>(
    "pages",
    encode: { try $0.serializedBytes() },
    decode: { try Page(serializedBytes: $0) }
  )

  /// Finds the post that has or had a slug.
  package static let bySlug = Index<Entry>("slug") { $0.slugs.map { DocumentKey($0) } }
  /// Public posts by date.
  package static let byDate = Index<Entry>("date") { $0.isPublic ? [$0.dated(DocumentKey())] : [] }
  /// Public posts by owner or named author, then date.
  package static let byAuthor = Index<Entry>("author") { entry in
    entry.isPublic ? entry.authors.map { entry.dated(DocumentKey($0)) } : []
  }
  /// Public posts by tag, then date.
  package static let byTag = Index<Entry>("tag") { entry in
    entry.isPublic ? entry.post.tags.map { entry.dated(DocumentKey($0)) } : []
  }
  /// Public posts by author and tag, then date.
  package static let byAuthorAndTag = Index<Entry>("author-tag") { entry in
    guard entry.isPublic else { return [] }
    return entry.authors.flatMap { author in
      entry.post.tags.map { entry.dated(DocumentKey(author).with($0)) }
    }
  }
  /// What is not public by owner and standing, then time of the last change.
  package static let byOwner = Index<Entry>("owner") { entry in
    guard !entry.isPublic else { return [] }
    var key = owned(entry.post.ownerID, entry.post.status)
    key.append(Timestamp(microseconds: entry.post.updatedAt))
    return [key]
  }

  /// Posts as lists show them, under their ids.
  package static let entries = Collection<Entry>(
    "entries",
    encode: { try $0.serializedBytes() },
    decode: { try Entry(serializedBytes: $0) },
    indexes: [bySlug, byDate, byAuthor, byTag, byAuthorAndTag, byOwner]
  )
  /// How many public posts bear a tag.
  package static let tagged = Counter("tagged")

  /// The history of posts, under post and revision.
  package static let history = Collection<HistoryEntry>(
    "history",
    encode: { try $0.serializedBytes() },
    decode: { try HistoryEntry(serializedBytes: $0) }
  )

  /// The beginning of the keys of an owner's posts of one standing.
  package static func owned(
    _ owner: String,
    _ status: Wordweave_Posts_V1_Status
  ) -> DocumentKey {
    DocumentKey(owner).with(UInt64(status.rawValue))
  }
}

extension Wordweave_Posts_V1_PostEntry {
  fileprivate var isPublic: Bool { post.status == .published }
  /// The owner and everybody named, each once.
  fileprivate var authors: [String] {
    post.byline.contains(post.ownerID) ? post.byline : [post.ownerID] + post.byline
  }
  fileprivate func dated(_ key: DocumentKey) -> DocumentKey {
    var key = key
    key.append(Timestamp(microseconds: post.publishedAt))
    return key
  }
}
