internal import HTTPTypes
internal import Hummingbird
internal import Schemas
internal import SwiftProtobuf

/// Posts and tags.
enum PostsRoutes {
  typealias PostAnswer = Answer<Wordweave_Posts_V1_PostResponse>

  static let all: [Route] = [
    Route(.post, "/v1/posts", .account, create),
    Route(.get, "/v1/posts", .anybody, list),
    Route(.get, "/v1/posts/{id}", .anybody, get),
    Route(.get, "/v1/posts/by-slug/{slug}", .anybody, bySlug),
    Route(.patch, "/v1/posts/{id}", .account, edit),
    Route(.delete, "/v1/posts/{id}", .account, delete),
    Route(.post, "/v1/posts/{id}/publish", .account, publish),
    Route(.post, "/v1/posts/{id}/unpublish", .account) { exchange in
      try await command(&exchange) { posts, message, metadata, options in
        try await posts.unpublish(
          message,
          metadata: metadata,
          options: options
        ) { try Answer($0) }
      }
    },
    Route(.post, "/v1/posts/{id}/restore", .account) { exchange in
      try await command(&exchange) { posts, message, metadata, options in
        try await posts.restore(
          message,
          metadata: metadata,
          options: options
        ) { try Answer($0) }
      }
    },
    Route(.get, "/v1/tags", .anybody, tags),
    Route(.get, "/v1/tags/{tag}/posts", .anybody) { exchange in
      try await list(&exchange, authorID: nil, tag: exchange.parameter("tag"))
    },
  ]

  // MARK: Reading

  private static func list(_ exchange: inout Exchange) async throws -> Response {
    let tag = try exchange.query.value("tag")
    guard let author = try exchange.query.value("author") else {
      return try await list(&exchange, authorID: nil, tag: tag)
    }
    let user: Wordweave_Users_V1_User
    do throws(Problem) {
      user = try await UsersRoutes.named(&exchange, author)
    } catch {
      guard error.kind == .notFound else { throw error }
      // Nobody of that name has written anything.
      let page = try exchange.page()
      return try exchange.list([Int](), next: [UInt8](), of: page) { _, _ in }
    }
    return try await list(&exchange, authorID: user.userID, tag: tag)
  }

  private static func get(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Posts_V1_GetPostRequest()
    request.postID = try exchange.identifier("id")
    if !exchange.query.items.isEmpty {
      if let moment = try exchange.query.value("asOf") {
        return try await RevisionsRoutes.asOf(&exchange, request.postID, moment)
      }
      request.workingCopy = try exchange.query.value("view") == "working"
    }
    return try await shown(&exchange, try await fetch(&exchange, request).post)
  }

  private static func bySlug(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Posts_V1_GetPostRequest()
    request.slug = exchange.parameter("slug")
    guard request.slug.utf8.count <= 4 * GatewayLimits.slug else { throw Problem(.notFound) }
    let response = try await fetch(&exchange, request)
    guard response.movedToSlug.isEmpty else {
      return Response(
        status: .permanentRedirect,
        headers: [.location: "/v1/posts/by-slug/" + QueryText.encoded(response.movedToSlug)]
      )
    }
    return try await shown(&exchange, response.post)
  }

  private static func fetch(
    _ exchange: inout Exchange,
    _ message: Wordweave_Posts_V1_GetPostRequest
  ) async throws(Problem) -> Wordweave_Posts_V1_PostResponse {
    let posts = exchange.core.upstreams.posts
    return try await exchange.read {
      try await posts.get(message, metadata: $0, options: $1) { try Answer($0) }
    }
  }

  private static func shown(
    _ exchange: inout Exchange,
    _ post: Wordweave_Posts_V1_Post
  ) async throws(Problem) -> Response {
    guard let include = try exchange.query.value("include") else {
      let tag = EntityTag.text(post.revision)
      if let unchanged = try exchange.notModified(tag) { return unchanged }
      return answer(exchange, post)
    }
    guard include == "author" else {
      throw Problem(
        .validation,
        errors: [.init("include", "unknown", "What can be included is author.")]
      )
    }
    let author = try? await UsersRoutes.named(&exchange, post.ownerID)
    let tag = "W/\"r\(post.revision)-a\(author?.revision ?? 0)-\(author?.followers ?? 0)\""
    if let unchanged = try exchange.notModified(tag) { return unchanged }
    return try exchange.json(headers: [.eTag: tag], capacity: post.body.utf8.count + 1536) {
      (writer) throws(Problem) in
      writer.post(post, includesBody: true, author: .some(author))
    }
  }

  static func answer(
    _ exchange: Exchange,
    _ post: Wordweave_Posts_V1_Post,
    _ status: HTTPResponse.Status = .ok,
    location: String? = nil
  ) -> Response {
    var headers: HTTPFields = [.eTag: EntityTag.text(post.revision)]
    if let location { headers[.location] = location }
    headers[.contentType] = "application/json"
    return Response(
      status: status,
      headers: headers,
      body: .init(byteBuffer: exchange.core.renderedPosts.json(post))
    )
  }

  static func list(
    _ exchange: inout Exchange,
    authorID: String?,
    tag: String?
  ) async throws(Problem) -> Response {
    let page = try exchange.page()
    var request = Wordweave_Posts_V1_ListPostsRequest()
    request.limit = page.limit
    request.after = Bytes.data(page.after)
    request.authorID = authorID ?? ""
    if let tag {
      guard !tag.isEmpty, tag.utf8.count <= 4 * GatewayLimits.tag else {
        return try exchange.list([Int](), next: [UInt8](), of: page) { _, _ in }
      }
      request.tag = tag
    }
    switch try exchange.query.value("status") {
    case nil, "published"?: request.status = .published
    case "draft"?:
      _ = try exchange.account()
      request.status = .draft
    case "deleted"?:
      _ = try exchange.account()
      request.status = .deleted
    default:
      throw Problem(
        .validation,
        errors: [.init("status", "unknown", "One of published, draft, deleted.")]
      )
    }
    switch try exchange.query.value("sort") {
    case nil, "newest"?: break
    case "oldest"?: request.oldestFirst = true
    default:
      throw Problem(.validation, errors: [.init("sort", "unknown", "One of newest, oldest.")])
    }
    let message = request
    let posts = exchange.core.upstreams.posts
    let answer = try await exchange.read {
      try await posts.list(
        message,
        metadata: $0,
        options: $1
      ) { try Answer($0) }
    }
    return try exchange.list(answer.posts, next: answer.next, of: page) {
      $0.post($1, includesBody: false)
    }
  }

  private static func tags(_ exchange: inout Exchange) async throws -> Response {
    let page = try exchange.page()
    var request = Wordweave_Posts_V1_ListTagsRequest()
    request.limit = page.limit
    request.after = Bytes.data(page.after)
    request.prefix = try exchange.query.value("prefix") ?? ""
    guard request.prefix.utf8.count <= 4 * GatewayLimits.tag else {
      throw Problem(.validation, errors: [.init("prefix", "too-long", "No tag is so long.")])
    }
    let message = request
    let posts = exchange.core.upstreams.posts
    let answer = try await exchange.read {
      try await posts.listTags(
        message,
        metadata: $0,
        options: $1
      ) { try Answer($0) }
    }
    return try exchange.list(answer.tags, next: answer.next, of: page) { writer, tag in
      writer.object {
        $0.member("tag", tag.tag)
        $0.member("posts", tag.posts)
      }
    }
  }

  // MARK: Writing

  private static func create(_ exchange: inout Exchange) async throws -> Response {
    var members = try await exchange.members(limit: GatewayLimits.postBody)
    var request = Wordweave_Posts_V1_CreatePostRequest()
    request.title = members.required("title", characters: GatewayLimits.title)
    request.summary =
      members.text("summary", characters: GatewayLimits.summary, null: "") ?? ""
    request.body = members.text("body", bytes: GatewayLimits.body, null: "") ?? ""
    request.tags = members.tags() ?? []
    request.cover = members.text("cover", bytes: GatewayLimits.address, null: "") ?? ""
    request.byline = members.byline() ?? []
    try members.finish()
    request.commandID = Bytes.data(exchange.commandID)
    let message = request
    let posts = exchange.core.upstreams.posts
    let post = try await exchange.write {
      try await posts.create(message, metadata: $0, options: $1) { try Answer($0) }
    }.post
    return answer(exchange, post, .created, location: "/v1/posts/" + post.postID)
  }

  private static func edit(_ exchange: inout Exchange) async throws -> Response {
    let id = try exchange.identifier("id")
    let condition = try exchange.ifMatch(isRequired: true)
    var members = try await exchange.members(
      limit: GatewayLimits.postBody,
      types: ["application/json", "application/merge-patch+json"]
    )
    var request = Wordweave_Posts_V1_EditPostRequest()
    request.postID = id
    if members.has("title") {
      request.title = members.required("title", characters: GatewayLimits.title)
    }
    if let text = members.text("summary", characters: GatewayLimits.summary, null: "") {
      request.summary = text
    }
    if let text = members.text("body", bytes: GatewayLimits.body, null: "") { request.body = text }
    if let texts = members.tags() { request.tags = .with { $0.values = texts } }
    if let text = members.text("cover", bytes: GatewayLimits.address, null: "") {
      request.cover = text
    }
    if let texts = members.byline() { request.byline = .with { $0.values = texts } }
    if let text = members.text("slug", characters: GatewayLimits.slug, null: "") {
      request.slug = text
    }
    try members.finish()
    request.commandID = Bytes.data(exchange.commandID)
    let message = request
    return try await changed(&exchange, id, condition) { posts, metadata, options in
      try await posts.edit(
        message,
        metadata: metadata,
        options: options
      ) { try Answer($0) }
    }
  }

  private static func publish(_ exchange: inout Exchange) async throws -> Response {
    let id = try exchange.identifier("id")
    let condition = try exchange.ifMatch()
    try await exchange.noMembers()
    var request = Wordweave_Posts_V1_PublishPostRequest()
    request.postID = id
    request.commandID = Bytes.data(exchange.commandID)
    let message = request
    return try await changed(&exchange, id, condition) { posts, metadata, options in
      try await posts.publish(
        message,
        metadata: metadata,
        options: options
      ) { try Answer($0) }
    }
  }

  private static func delete(_ exchange: inout Exchange) async throws -> Response {
    let id = try exchange.identifier("id")
    let condition = try exchange.ifMatch()
    try await exchange.noMembers()
    var request = Wordweave_Posts_V1_DeletePostRequest()
    request.postID = id
    request.commandID = Bytes.data(exchange.commandID)
    let message = request
    _ = try await changed(&exchange, id, condition) { posts, metadata, options in
      try await posts.delete(
        message,
        metadata: metadata,
        options: options
      ) { try Answer($0) }
    }
    return exchange.empty()
  }
}
