internal import EventLogCore
package import GRPCCore
package import Schemas
internal import ServiceKit
internal import SwiftProtobuf

extension PostsEndpoint {
  package func create(
    request: ServerRequest<Wordweave_Posts_V1_CreatePostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      guard let author = call.caller.id else {
        throw CommonRejection.forbidden("Nobody writes without an account.")
      }
      let isChosen = request.postID.isEmpty
      let id = isChosen ? makeID().description : try PostRules.id(request.postID)
      let content = Content(
        title: try PostRules.title(request.title),
        summary: try PostRules.summary(request.summary),
        body: try PostRules.body(request.body),
        tags: try PostRules.tags(request.tags),
        cover: try PostRules.cover(request.cover),
        byline: try PostRules.byline(request.byline)
      )
      return try await answer(
        .create(id: id, content),
        on: id,
        commandID: try CallRules.commandID(request.commandID),
        isStreamChosen: isChosen,
        call
      ) { [permission] in
        try await permission.check(author: author, byline: content.byline, call)
      }
    }
  }

  package func edit(
    request: ServerRequest<Wordweave_Posts_V1_EditPostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try PostRules.id(request.postID)
      let change = ContentChange(
        title: request.hasTitle ? try PostRules.title(request.title) : nil,
        summary: request.hasSummary ? try PostRules.summary(request.summary) : nil,
        body: request.hasBody ? try PostRules.body(request.body) : nil,
        tags: request.hasTags ? try PostRules.tags(request.tags.values) : nil,
        cover: request.hasCover ? try PostRules.cover(request.cover) : nil,
        byline: request.hasByline ? try PostRules.byline(request.byline.values) : nil,
        slug: request.hasSlug ? try PostRules.slug(request.slug) : nil
      )
      return try await answer(
        .edit(change),
        on: id,
        commandID: try CallRules.commandID(request.commandID),
        call
      ) { [permission] in
        try await permission.check(author: call.writer, byline: change.byline ?? [], call)
      }
    }
  }

  package func publish(
    request: ServerRequest<Wordweave_Posts_V1_PublishPostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try PostRules.id(request.postID)
      guard !request.hasPublishedAt || call.caller.isOperator else {
        throw CommonRejection.forbidden("Only operators may name the date of a publication.")
      }
      let date = request.hasPublishedAt ? Timestamp(microseconds: request.publishedAt) : nil
      let time = time(of: call)
      let makeID = makeID
      let submission = Submission<Post>(
        to: PostStreams.post(id),
        id: try CallRules.commandID(request.commandID),
        context: call,
        precondition: { [permission] in
          try await permission.check(author: call.writer, byline: [], call)
        }
      ) { attempt in
        let taken = Set(attempt.taken.map { String($0.text.dropFirst(Tag.slug("").text.count)) })
        // The random end of an id; drawn anew for each attempt, so that a clash is not repeated.
        let suffix = String(makeID().description.suffix(8))
        return Post.Command(
          .publish(at: date, taken: taken, suffix: suffix),
          by: call.caller,
          at: time
        )
      }
      return try await answer(submission)
    }
  }

  package func unpublish(
    request: ServerRequest<Wordweave_Posts_V1_PostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      try await answer(.unpublish, request, call)
    }
  }

  package func delete(
    request: ServerRequest<Wordweave_Posts_V1_DeletePostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      try await answer(
        .delete(reason: try PostRules.reason(request.reason)),
        on: try PostRules.id(request.postID),
        commandID: try CallRules.commandID(request.commandID),
        call
      )
    }
  }

  package func restore(
    request: ServerRequest<Wordweave_Posts_V1_PostRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      try await answer(.restore, request, call)
    }
  }

  package func restoreRevision(
    request: ServerRequest<Wordweave_Posts_V1_RestoreRevisionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_PostResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try PostRules.id(request.postID)
      let then = try await state(of: id, at: StreamRevision(request.revision)) { state in
        // Who may not edit learns no more than of any other post.
        guard state.isVisible(to: call.caller) else { throw Post.Rejection.unknown }
        guard state.mayEdit(call.caller) else { throw Post.Rejection.forbidden }
      }
      let change = ContentChange(restoring: then.working, from: request.revision)
      return try await answer(
        .edit(change),
        on: id,
        commandID: try CallRules.commandID(request.commandID),
        call
      ) { [permission] in
        try await permission.check(author: call.writer, byline: [], call)
      }
    }
  }
}

extension PostsEndpoint {
  private func time(of call: CallContext) -> Timestamp { call.occurredAt ?? clock() }

  private func answer(
    _ action: Post.Action,
    _ request: Wordweave_Posts_V1_PostRequest,
    _ call: CallContext
  ) async throws -> Answer<Wordweave_Posts_V1_PostResponse> {
    try await answer(
      action,
      on: try PostRules.id(request.postID),
      commandID: try CallRules.commandID(request.commandID),
      call
    )
  }

  private func answer(
    _ action: Post.Action,
    on id: String,
    commandID: EventID?,
    isStreamChosen: Bool = false,
    _ call: CallContext,
    precondition: @escaping @Sendable () async throws -> Void = {}
  ) async throws -> Answer<Wordweave_Posts_V1_PostResponse> {
    let command = Post.Command(action, by: call.caller, at: time(of: call))
    return try await answer(
      Submission(
        to: PostStreams.post(id),
        id: commandID,
        isStreamChosen: isStreamChosen,
        context: call,
        precondition: precondition
      ) { _ in command }
    )
  }

  private func answer(
    _ submission: Submission<Post>
  ) async throws -> Answer<Wordweave_Posts_V1_PostResponse> {
    let outcome = try await posts.handle(submission)
    let post = Wordweave_Posts_V1_Post(outcome.state, isWorkingCopy: true)
    return Answer(.with { $0.post = post }, of: outcome)
  }
}

extension CallContext {
  /// The account whose permission to write counts; nil for the platform and its operators.
  fileprivate var writer: String? { caller.isPrivileged ? nil : caller.id }
}
