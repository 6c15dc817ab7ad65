internal import EventLogCore
package import GRPCCore
internal import ProjectionsCore
package import Schemas
internal import ServiceKit
internal import SwiftProtobuf

extension PostsEndpoint {
  package func listRevisions(
    request: ServerRequest<Wordweave_Posts_V1_ListRevisionsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_ListRevisionsResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try PostRules.id(request.postID)
      let limit = try CallRules.limit(request.limit)
      _ = try await authorized(id, call)
      let range = try KeyRange(prefix: DocumentKey(id), page: request.after)
      let (entries, position) = try await history.read(
        atLeast: call.floor,
        stream: PostStreams.post(id),
        patience: call.patience
      ) { view in
        (try view.list(PostsModel.history, range, limit: limit), view.appliedPosition)
      }
      var response = Wordweave_Posts_V1_ListRevisionsResponse()
      response.revisions = entries.map(\.document)
      if entries.count == limit, let last = entries.last {
        response.next = protobufBytes(last.key.bytes)
      }
      return Answer(response, at: position)
    }
  }

  package func listChanges(
    request: ServerRequest<Wordweave_Posts_V1_ListChangesRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_ListRevisionsResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try PostRules.id(request.postID)
      let loaded = try await authorized(id, call)
      var response = Wordweave_Posts_V1_ListRevisionsResponse()
      guard request.afterRevision < .max else { return Answer(response, at: loaded.position) }
      var pages = store.events(
        in: PostStreams.post(id),
        from: StreamRevision(request.afterRevision).next,
        pageLimit: PostLimits.changes
      ).makeAsyncIterator()
      if let page = try await pages.next() {
        response.revisions = try page.events.compactMap { try PostsModel.HistoryEntry($0) }
      }
      return Answer(response, at: loaded.position)
    }
  }

  package func getRevision(
    request: ServerRequest<Wordweave_Posts_V1_GetRevisionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try PostRules.id(request.postID)
      let now = try await posts.load(PostStreams.post(id))
      guard now.state.isVisible(to: call.caller) else { throw Post.Rejection.unknown }
      let mayReadHistory = now.state.mayReadHistory(call.caller)
      let then: PostState
      switch request.moment {
      case .asOf(let time)?:
        let limit = Timestamp(microseconds: time)
        then = try await folder.load(PostStreams.post(id)) { StreamMoment(of: $0).time <= limit }
          .state
      case .asOfPosition(let number)?:
        let limit = GlobalPosition(number)
        then = try await folder.load(PostStreams.post(id)) { $0.position <= limit }.state
      case .revision, nil:
        guard mayReadHistory else { throw Post.Rejection.forbidden }
        then = try await state(of: id, at: StreamRevision(request.revision))
      }
      // Readers see what was public then of what is public now.
      guard then.exists, mayReadHistory || then.isPublic else { throw Post.Rejection.unknown }
      var response = Wordweave_Posts_V1_PostResponse()
      response.post = Wordweave_Posts_V1_Post(then, isWorkingCopy: mayReadHistory)
      return Answer(response, at: now.position)
    }
  }

  package func diff(
    request: ServerRequest<Wordweave_Posts_V1_DiffRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_DiffResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try PostRules.id(request.postID)
      let now = try await authorized(id, call)
      let old = try await state(of: id, at: StreamRevision(request.from)).working
      let new = try await state(of: id, at: StreamRevision(request.to)).working
      return Answer(await difference(from: old, to: new), at: now.position)
    }
  }

  /// The state of a post at one of its revisions.
  ///
  /// `authorize` is given the present state and throws if the caller may not look back.
  func state(
    of id: String,
    at revision: StreamRevision,
    authorize: (PostState) throws -> Void = { _ in }
  ) async throws -> PostState {
    let stream = PostStreams.post(id)
    try authorize(try await posts.load(stream).state)
    let loaded = try await folder.load(stream, through: revision)
    guard loaded.revision == revision else { throw CommonRejection.notFound("revision") }
    return loaded.state
  }

  /// The post as it is now, if the caller may read its history.
  private func authorized(
    _ id: String,
    _ call: CallContext
  ) async throws -> LoadedStream<PostState> {
    let loaded = try await posts.load(PostStreams.post(id))
    guard loaded.state.isVisible(to: call.caller) else { throw Post.Rejection.unknown }
    guard loaded.state.mayReadHistory(call.caller) else { throw Post.Rejection.forbidden }
    return loaded
  }
}

/// What differs, member by member; away from the caller, since long texts take their time.
@concurrent
private func difference(
  from old: Content,
  to new: Content
) async -> Wordweave_Posts_V1_DiffResponse {
  var response = Wordweave_Posts_V1_DiffResponse()
  func add(_ member: String, _ stretches: [DiffStretch]) {
    guard stretches.contains(where: { $0.kind != .same }) else { return }
    response.members.append(
      .with {
        $0.member = member
        $0.parts = stretches.map { stretch in .with { $0.take(stretch) } }
      }
    )
  }
  add("title", TextDiff.stretches(from: old.title, to: new.title))
  add("summary", TextDiff.stretches(from: old.summary, to: new.summary))
  add("body", TextDiff.stretches(from: old.body, to: new.body))
  add("tags", TextDiff.stretches(from: old.tags, to: new.tags))
  add("cover", TextDiff.stretches(from: old.cover, to: new.cover))
  add("byline", TextDiff.stretches(from: old.byline, to: new.byline))
  return response
}

extension Wordweave_Posts_V1_DiffPart {
  fileprivate mutating func take(_ stretch: DiffStretch) {
    text = stretch.text
    kind =
      switch stretch.kind {
      case .same: .same
      case .added: .added
      case .removed: .removed
      }
  }
}
