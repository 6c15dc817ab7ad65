package import EventLogCore
package import MessagingCore
package import ProjectionsCore
internal import Schemas
internal import ServiceKit

/// Posts as readers and owners see them, and the counts of their tags.
package struct PostsProjection: Projection {
  package static let id = ProjectionID(service: "posts", name: "posts", version: 1)
  package static let categories: Set<MessagingCore.Category> = ["post"]
  package static let query = EventQuery([EventQuery.Item(types: PostCodec.types)])
  package static let collections: [any AnyCollection] = [
    PostsModel.pages, PostsModel.entries, PostsModel.tagged,
  ]

  package init() {}

  package func apply(_ event: RecordedEvent, to model: inout ReadModelTransaction) throws {
    guard let stream = event.stream, let id = PostStreams.postID(of: stream),
      let decoded = try PostCodec.decode(event)
    else { return }
    let key = DocumentKey(id)
    var state = try model.get(key, in: PostsModel.pages).map { PostState($0) } ?? Post.initial
    let tagsBefore = state.publicTags
    state.enter(StreamMoment(of: event))
    Post.evolve(&state, with: decoded)
    try model.put(PostsModel.Page(state), at: key, in: PostsModel.pages)
    try model.put(PostsModel.Entry(state), at: key, in: PostsModel.entries)
    let tags = state.publicTags
    for tag in tags.subtracting(tagsBefore) {
      try model.add(1, to: PostsModel.tagged, at: DocumentKey(tag))
    }
    for tag in tagsBefore.subtracting(tags) {
      try model.add(-1, to: PostsModel.tagged, at: DocumentKey(tag))
    }
  }
}

/// Who changed a post when, and what.
package struct HistoryProjection: Projection {
  package static let id = ProjectionID(service: "posts", name: "history", version: 1)
  package static let categories: Set<MessagingCore.Category> = ["post"]
  package static let query = EventQuery([EventQuery.Item(types: PostCodec.types)])
  package static let collections: [any AnyCollection] = [PostsModel.history]

  package init() {}

  package func apply(_ event: RecordedEvent, to model: inout ReadModelTransaction) throws {
    guard let stream = event.stream, let id = PostStreams.postID(of: stream),
      let entry = try PostsModel.HistoryEntry(event)
    else { return }
    try model.put(entry, at: DocumentKey(id).with(entry.revision), in: PostsModel.history)
  }
}

extension PostState {
  fileprivate var publicTags: Set<String> { isPublic ? Set(shown?.tags ?? []) : [] }
}

extension PostsModel.HistoryEntry {
  /// The history entry of an event; nil for one that is not of a post.
  package init?(_ event: RecordedEvent) throws {
    guard let decoded = try PostCodec.decode(event) else { return nil }
    self.init()
    let moment = StreamMoment(of: event)
    revision = moment.revision.number
    actorID = event.metadata[Metadata.Keys.actor] ?? ""
    at = moment.time.microseconds
    change = event.type.text
    members =
      switch decoded {
      case .drafted(_, _, let content): content.filledMembers
      case .edited(let change): change.members
      case .published: ["slug", "status"]
      case .unpublished, .deleted, .restored: ["status"]
      }
  }
}

extension Content {
  /// The names of the members that are not empty.
  fileprivate var filledMembers: [String] {
    ContentChange(
      title: title.isEmpty ? nil : title,
      summary: summary.isEmpty ? nil : summary,
      body: body.isEmpty ? nil : body,
      tags: tags.isEmpty ? nil : tags,
      cover: cover.isEmpty ? nil : cover,
      byline: byline.isEmpty ? nil : byline
    ).members
  }
}

/// The names of the service's streams.
package enum PostStreams {
  /// A post's.
  package static func post(_ id: String) -> StreamName { StreamName("post-" + id) }
  /// The id of a post's stream; nil for a stream of another kind.
  package static func postID(of stream: StreamName) -> String? {
    stream.text.hasPrefix("post-") ? String(stream.text.dropFirst("post-".count)) : nil
  }
}
