internal import GRPCCore
internal import Hummingbird
internal import Schemas

extension PostsRoutes {
  typealias Posts = any Wordweave_Posts_V1_Posts.ClientProtocol

  /// A command that needs no more than the post.
  static func command(
    _ exchange: inout Exchange,
    _ call: (Posts, Wordweave_Posts_V1_PostRequest, Metadata, CallOptions) async throws
      -> PostAnswer
  ) async throws -> Response {
    let id = try exchange.identifier("id")
    let condition = try exchange.ifMatch()
    try await exchange.noMembers()
    var request = Wordweave_Posts_V1_PostRequest()
    request.postID = id
    request.commandID = Bytes.data(exchange.commandID)
    let message = request
    return try await changed(&exchange, id, condition) { posts, metadata, options in
      try await call(posts, message, metadata, options)
    }
  }

  /// Sends a change and shows the post as it then is; a lost race tells what happened meanwhile,
  /// so that the client can merge.
  static func changed(
    _ exchange: inout Exchange,
    _ id: String,
    _ condition: EntityTag.Condition,
    _ call: (Posts, Metadata, CallOptions) async throws -> PostAnswer
  ) async throws(Problem) -> Response {
    let posts = exchange.core.upstreams.posts
    let problem: Problem
    do throws(Problem) {
      let post = try await exchange.write(expecting: condition) {
        try await call(posts, $0, $1)
      }.post
      return answer(exchange, post)
    } catch {
      problem = error.naming(yours: condition)
    }
    guard problem.kind == .revisionConflict, case .revision(let revision) = condition else {
      throw problem
    }
    throw await merging(problem, exchange, id, after: revision)
  }

  private static func merging(
    _ problem: Problem,
    _ exchange: Exchange,
    _ id: String,
    after revision: UInt64
  ) async -> Problem {
    var request = Wordweave_Posts_V1_ListChangesRequest()
    request.postID = id
    request.afterRevision = revision
    let found = try? await exchange.core.upstreams.posts.listChanges(
      request,
      metadata: exchange.callMetadata,
      options: Upstreams.readOptions
    )
    guard let found else { return problem }
    var writer = JSONWriter()
    writer.array { writer in for change in found.revisions { writer.revision(change) } }
    var copy = problem
    copy.extensions.append(("changes", String(buffer: writer.buffer)))
    return copy
  }
}

extension RequestMembers {
  mutating func tags() -> [String]? {
    texts("tags", count: GatewayLimits.tags, characters: GatewayLimits.tag)
  }

  mutating func byline() -> [String]? {
    texts("byline", count: GatewayLimits.byline, characters: 4 * GatewayLimits.username)
  }
}
