internal import Foundation
internal import GRPCCore
internal import Schemas
internal import Synchronization

struct FakePosts: Wordweave_Posts_V1_Posts.ServiceProtocol {
  typealias PostResponse = ServerResponse<Wordweave_Posts_V1_PostResponse>
  let world: FakeWorld

  private func respond(_ post: Wordweave_Posts_V1_Post, _ metadata: Metadata) -> PostResponse {
    var message = Wordweave_Posts_V1_PostResponse()
    message.post = post
    return ServerResponse(message: message, metadata: metadata)
  }

  func create(
    request: ServerRequest<Wordweave_Posts_V1_CreatePostRequest>,
    context: ServerContext
  ) async throws -> PostResponse {
    world.note("create", request.metadata)
    let command = Array(request.message.commandID)
    let fingerprint = world.metadata("create", "ww-idempotency-fingerprint") ?? ""
    let actor = world.metadata("create", "ww-actor") ?? ""
    if !command.isEmpty, let done = world.state.withLock({ $0.commands[command] }) {
      guard done.fingerprint == fingerprint || fingerprint.isEmpty else {
        throw RPCError(
          code: .failedPrecondition,
          message: "reused",
          metadata: ["ww-rejection": "idempotency-key-reused"]
        )
      }
      let post = world.state.withLock { $0.posts[done.post] } ?? .init()
      return respond(post, ["ww-position": "1", "ww-replayed": "1"])
    }
    let message = request.message
    let (post, metadata) = world.write { state in
      var post = Wordweave_Posts_V1_Post()
      post.postID = message.postID.isEmpty ? UUID().uuidString.lowercased() : message.postID
      post.ownerID = actor
      post.title = message.title
      post.body = message.body
      post.tags = message.tags
      post.status = .draft
      post.createdAt = 1_700_000_000_000_000
      post.updatedAt = post.createdAt
      state.posts[post.postID] = post
      state.order.append(post.postID)
      if !command.isEmpty { state.commands[command] = (post.postID, fingerprint) }
      return post
    }
    return respond(post, metadata)
  }

  private func change(
    _ id: String,
    _ method: String,
    _ request: Metadata,
    _ body: (inout Wordweave_Posts_V1_Post) -> Void
  ) throws -> PostResponse {
    world.note(method, request)
    let expected = world.metadata(method, "ww-expected-revision").flatMap { UInt64($0) }
    let (post, metadata) = try world.write { state in
      guard var post = state.posts[id] else {
        throw RPCError(code: .notFound, message: "", metadata: ["ww-rejection": "not-found"])
      }
      if let expected, expected != post.revision {
        throw RPCError(
          code: .aborted,
          message: "lost",
          metadata: ["ww-current-revision": "\(post.revision)"]
        )
      }
      post.revision += 1
      body(&post)
      state.posts[id] = post
      return post
    }
    return respond(post, metadata)
  }

  func edit(
    request: ServerRequest<Wordweave_Posts_V1_EditPostRequest>,
    context: ServerContext
  ) async throws -> PostResponse {
    let message = request.message
    return try change(message.postID, "edit", request.metadata) {
      if message.hasTitle { $0.title = message.title }
      if message.hasTags { $0.tags = message.tags.values }
    }
  }

  func publish(
    request: ServerRequest<Wordweave_Posts_V1_PublishPostRequest>,
    context: ServerContext
  ) async throws -> PostResponse {
    try change(request.message.postID, "publish", request.metadata) {
      $0.status = .published
      $0.publishedAt = 1_700_000_000_000_000
    }
  }

  func delete(
    request: ServerRequest<Wordweave_Posts_V1_DeletePostRequest>,
    context: ServerContext
  ) async throws -> PostResponse {
    try change(request.message.postID, "delete", request.metadata) { $0.status = .deleted }
  }

  func get(
    request: ServerRequest<Wordweave_Posts_V1_GetPostRequest>,
    context: ServerContext
  ) async throws -> PostResponse {
    world.note("get", request.metadata)
    await withCheckedContinuation { continuation in
      let waits = world.state.withLock { state in
        guard state.gate != nil else { return false }
        state.gate?.append(continuation)
        return true
      }
      if !waits { continuation.resume() }
    }
    let (post, metadata) = try world.read(request.metadata) { state in
      guard let post = state.posts[request.message.postID] else {
        throw RPCError(code: .notFound, message: "secret-host-name")
      }
      if post.status == .deleted {
        throw RPCError(code: .notFound, message: "", metadata: ["ww-rejection": "gone"])
      }
      return post
    }
    return respond(post, metadata)
  }

  func list(
    request: ServerRequest<Wordweave_Posts_V1_ListPostsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_ListPostsResponse> {
    let (answer, metadata) = try world.read(request.metadata) { state in
      let start = request.message.after.first.map(Int.init) ?? 0
      let page = state.order.dropFirst(start).prefix(Int(request.message.limit))
      var answer = Wordweave_Posts_V1_ListPostsResponse()
      answer.posts = page.compactMap { state.posts[$0] }
      if start + page.count < state.order.count { answer.next = Data([UInt8(start + page.count)]) }
      return answer
    }
    return ServerResponse(message: answer, metadata: metadata)
  }

  func listTags(
    request: ServerRequest<Wordweave_Posts_V1_ListTagsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_ListTagsResponse> {
    let (_, metadata) = try world.read(request.metadata) { _ in }
    return ServerResponse(message: .init(), metadata: metadata)
  }

  func listChanges(
    request: ServerRequest<Wordweave_Posts_V1_ListChangesRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Posts_V1_ListRevisionsResponse> {
    var change = Wordweave_Posts_V1_Revision()
    change.revision = request.message.afterRevision + 1
    change.change = "PostEdited"
    change.members = ["title"]
    var answer = Wordweave_Posts_V1_ListRevisionsResponse()
    answer.revisions = [change]
    return ServerResponse(message: answer)
  }
}
