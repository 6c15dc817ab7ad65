package import EventLogCore
internal import Schemas
internal import ServiceKit
internal import SwiftProtobuf

/// Posts' events as protobuf messages; the message's name is the type.
package enum PostCodec: EventCodec {
  /// The types that a post's stream holds.
  package static let types: [EventType] = [
    "PostDrafted", "PostEdited", "PostPublished", "PostUnpublished", "PostDeleted", "PostRestored",
  ]

  package static func encode(
    _ event: Post.Event
  ) throws -> (type: EventType, schemaVersion: UInt32, data: [UInt8], tags: [Tag]) {
    switch event {
    case .drafted(let id, let owner, let content):
      let message = Wordweave_Posts_V1_PostDrafted.with {
        $0.postID = id
        $0.ownerID = owner
        $0.byline = content.byline
        $0.title = content.title
        $0.summary = content.summary
        $0.body = content.body
        $0.tags = content.tags
        $0.cover = content.cover
      }
      return ("PostDrafted", 1, try message.serializedBytes(), [])
    case .edited(let change):
      return ("PostEdited", 1, try stored(change).serializedBytes(), [])
    case .published(let slug, let former, let time):
      let message = Wordweave_Posts_V1_PostPublished.with {
        $0.slug = slug
        $0.formerSlug = former
        $0.publishedAt = time.microseconds
      }
      return ("PostPublished", 1, try message.serializedBytes(), [.slug(slug)])
    case .unpublished:
      return ("PostUnpublished", 1, try Wordweave_Posts_V1_PostUnpublished().serializedBytes(), [])
    case .deleted(let reason, let time):
      let message = Wordweave_Posts_V1_PostDeleted.with {
        $0.reason = reason
        $0.deletedAt = time.microseconds
      }
      return ("PostDeleted", 1, try message.serializedBytes(), [])
    case .restored:
      return ("PostRestored", 1, try Wordweave_Posts_V1_PostRestored().serializedBytes(), [])
    }
  }

  package static func decode(_ event: RecordedEvent) throws -> Post.Event? {
    switch event.type {
    case "PostDrafted":
      let message = try Wordweave_Posts_V1_PostDrafted(serializedBytes: event.data)
      let content = Content(
        title: message.title,
        summary: message.summary,
        body: message.body,
        tags: message.tags,
        cover: message.cover,
        byline: message.byline
      )
      return .drafted(id: message.postID, owner: message.ownerID, content)
    case "PostEdited":
      return .edited(change(try Wordweave_Posts_V1_PostEdited(serializedBytes: event.data)))
    case "PostPublished":
      let message = try Wordweave_Posts_V1_PostPublished(serializedBytes: event.data)
      return .published(
        slug: message.slug,
        former: message.formerSlug,
        at: Timestamp(microseconds: message.publishedAt)
      )
    case "PostUnpublished": return .unpublished
    case "PostDeleted":
      let message = try Wordweave_Posts_V1_PostDeleted(serializedBytes: event.data)
      return .deleted(
        reason: message.reason,
        at: Timestamp(microseconds: message.deletedAt)
      )
    case "PostRestored": return .restored
    default: return nil
    }
  }

  private static func stored(_ change: ContentChange) -> Wordweave_Posts_V1_PostEdited {
    .with {
      if let title = change.title { $0.title = title }
      if let summary = change.summary { $0.summary = summary }
      if let body = change.body { $0.body = body }
      if let tags = change.tags { $0.tags = .with { $0.values = tags } }
      if let cover = change.cover { $0.cover = cover }
      if let byline = change.byline { $0.byline = .with { $0.values = byline } }
      if let slug = change.slug { $0.slug = slug }
      if let revision = change.restoredFrom { $0.restoredFrom = revision }
    }
  }

  private static func change(_ message: Wordweave_Posts_V1_PostEdited) -> ContentChange {
    ContentChange(
      title: message.hasTitle ? message.title : nil,
      summary: message.hasSummary ? message.summary : nil,
      body: message.hasBody ? message.body : nil,
      tags: message.hasTags ? message.tags.values : nil,
      cover: message.hasCover ? message.cover : nil,
      byline: message.hasByline ? message.byline.values : nil,
      slug: message.hasSlug ? message.slug : nil,
      restoredFrom: message.hasRestoredFrom ? message.restoredFrom : nil
    )
  }
}
