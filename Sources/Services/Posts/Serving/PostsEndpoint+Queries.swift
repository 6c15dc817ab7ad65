internal import EventLogCore
package import GRPCCore
internal import ProjectionsCore
package import Schemas
internal import ServiceKit
internal import SwiftProtobuf

extension PostsEndpoint {
  package func get(
    request: ServerRequest<Wordweave_Posts_V1_GetPostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let (page, position) = try await page(request.key, call)
      guard let page else { throw Post.Rejection.unknown }
      let state = PostState(page)
      let isWorkingCopy = try Self.isWorkingCopy(request, of: state, seenBy: call.caller)
      var response = Wordweave_Posts_V1_PostResponse()
      response.post = Wordweave_Posts_V1_Post(state, isWorkingCopy: isWorkingCopy)
      if case .slug(let slug)? = request.key, slug != state.slug {
        response.movedToSlug = state.slug
      }
      return Answer(response, at: position)
    }
  }

  private func page(
    _ key: Wordweave_Posts_V1_GetPostRequest.OneOf_Key?,
    _ call: CallContext
  ) async throws -> (PostsModel.Page?, GlobalPosition) {
    switch key {
    case .postID(let id)?:
      return try await model.document(
        DocumentKey(id),
        in: PostsModel.pages,
        atLeast: call.floor,
        stream: PostStreams.post(id),
        patience: call.patience
      )
    case .slug(let slug)?:
      return try await read(call) { view in
        let id = try view.list(
          PostsModel.entries,
          by: PostsModel.bySlug,
          KeyRange(prefix: DocumentKey(slug)),
          limit: 1
        ).first?.document.post.postID
        let page = try id.flatMap { try view.get(DocumentKey($0), in: PostsModel.pages) }
        return (page, view.appliedPosition)
      }
    case nil: return (nil, .start)
    }
  }

  package func list(
    request: ServerRequest<Wordweave_Posts_V1_ListPostsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_ListPostsResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let limit = try CallRules.limit(request.limit)
      let (index, prefix) = try Self.order(of: request, seenBy: call.caller)
      let range = try KeyRange(
        prefix: prefix,
        page: request.after,
        isBackward: !request.oldestFirst
      )
      let (entries, position) = try await read(call) { view in
        (
          try view.list(PostsModel.entries, by: index, range, limit: limit),
          view.appliedPosition
        )
      }
      var response = Wordweave_Posts_V1_ListPostsResponse()
      response.posts = entries.map(\.document.post)
      if entries.count == limit, let last = entries.last {
        response.next = protobufBytes(last.cursor.bytes)
      }
      return Answer(response, at: position)
    }
  }

  package func listTags(
    request: ServerRequest<Wordweave_Posts_V1_ListTagsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_ListTagsResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let limit = try CallRules.limit(request.limit)
      var prefix = DocumentKey()
      let text = TextRules.composed(request.prefix)
      try TextRules.check(text, "prefix", characters: 0...PostLimits.tagCharacters)
      prefix.append(prefix: text)
      let range = try KeyRange(prefix: prefix, page: request.after)
      let (counts, position) = try await read(call) { view in
        (try view.counts(PostsModel.tagged, range, limit: limit), view.appliedPosition)
      }
      var response = Wordweave_Posts_V1_ListTagsResponse()
      response.tags = counts.map { key, value in
        .with {
          // A tag holds no NUL, so that its key is its bytes and the mark of their end.
          $0.tag = String(decoding: key.bytes.dropLast(2), as: UTF8.self)
          $0.posts = value
        }
      }
      if counts.count == limit, let last = counts.last {
        response.next = protobufBytes(last.key.bytes)
      }
      return Answer(response, at: position)
    }
  }
}

extension PostsEndpoint {
  private func read<R: Sendable>(
    _ call: CallContext,
    _ body: @escaping @Sendable (ReadModelView) throws -> R
  ) async throws -> R {
    try await model.read(atLeast: call.floor, stream: nil, patience: call.patience, body)
  }

  /// Which of a post's two contents the caller gets.
  ///
  /// - Errors: `gone` where readers once saw it by its slug, `unknown` where they never did.
  private static func isWorkingCopy(
    _ request: Wordweave_Posts_V1_GetPostRequest,
    of state: PostState,
    seenBy caller: Caller
  ) throws -> Bool {
    if request.workingCopy {
      guard state.isVisible(to: caller) else { throw hidden(state) }
      guard state.mayReadHistory(caller) else { throw Post.Rejection.forbidden }
      return true
    }
    if state.isPublic { return false }
    var isBySlug = false
    if case .slug? = request.key { isBySlug = true }
    // By its public address a post that is not public is as everybody sees it.
    guard state.mayEdit(caller), !isBySlug else { throw hidden(state) }
    return true
  }

  private static func hidden(_ state: PostState) -> any ExplainedRejection {
    state.deletedAt != nil && state.wasPublic
      ? CommonRejection.gone("post") : Post.Rejection.unknown
  }

  private static func order(
    of request: Wordweave_Posts_V1_ListPostsRequest,
    seenBy caller: Caller
  ) throws -> (Index<PostsModel.Entry>, DocumentKey) {
    let author = request.authorID
    let tag = TextRules.composed(request.tag)
    switch request.status {
    case .unspecified, .published:
      switch (author.isEmpty, tag.isEmpty) {
      case (true, true): return (PostsModel.byDate, DocumentKey())
      case (false, true): return (PostsModel.byAuthor, DocumentKey(author))
      case (true, false): return (PostsModel.byTag, DocumentKey(tag))
      case (false, false): return (PostsModel.byAuthorAndTag, DocumentKey(author).with(tag))
      }
    case .draft, .deleted:
      guard let owner = caller.id, author.isEmpty || author == owner else {
        throw CommonRejection.forbidden("Everybody lists the own drafts and deleted posts only.")
      }
      guard tag.isEmpty else {
        throw ValidationError("tag", "not-supported", "Only published posts are listed by tag.")
      }
      return (PostsModel.byOwner, PostsModel.owned(owner, request.status))
    case .UNRECOGNIZED:
      throw ValidationError("status", "unknown", "There is no such standing.")
    }
  }
}
