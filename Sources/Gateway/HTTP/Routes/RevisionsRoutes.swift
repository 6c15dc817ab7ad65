internal import HTTPTypes
internal import Hummingbird
internal import Schemas
internal import WeaveRuntime

/// A post's history.
enum RevisionsRoutes {
  private typealias PostAnswer = Answer<Wordweave_Posts_V1_PostResponse>

  static let all: [Route] = [
    Route(.get, "/v1/posts/{id}/revisions", .account, list),
    Route(.get, "/v1/posts/{id}/revisions/{n}", .account, get),
    Route(.post, "/v1/posts/{id}/revisions/{n}/restore", .account, restore),
    Route(.get, "/v1/posts/{id}/diff", .account, diff),
  ]

  private static func list(_ exchange: inout Exchange) async throws -> Response {
    let page = try exchange.page()
    var request = Wordweave_Posts_V1_ListRevisionsRequest()
    request.postID = try exchange.identifier("id")
    request.limit = page.limit
    request.after = Bytes.data(page.after)
    let message = request
    let posts = exchange.core.upstreams.posts
    let answer = try await exchange.read {
      try await posts.listRevisions(
        message,
        metadata: $0,
        options: $1
      ) { try Answer($0) }
    }
    return try exchange.list(answer.revisions, next: answer.next, of: page) { $0.revision($1) }
  }

  private static func get(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Posts_V1_GetRevisionRequest()
    request.postID = try exchange.identifier("id")
    request.revision = try exchange.revision("n")
    let message = request
    let posts = exchange.core.upstreams.posts
    let post = try await exchange.read {
      try await posts.getRevision(message, metadata: $0, options: $1) { try Answer($0) }
    }.post
    let tag = EntityTag.text(message.revision)
    if let unchanged = try exchange.notModified(tag) { return unchanged }
    return try exchange.json(headers: [.eTag: tag], capacity: post.body.utf8.count + 1024) {
      (writer) throws(Problem) in
      writer.post(post, includesBody: true)
    }
  }

  /// A post as it was at a time or at a position of the log.
  static func asOf(
    _ exchange: inout Exchange,
    _ id: String,
    _ moment: String
  ) async throws -> Response {
    var request = Wordweave_Posts_V1_GetRevisionRequest()
    request.postID = id
    if let time = MomentText.microseconds(moment) {
      request.asOf = time
    } else if let position = UInt64(moment) {
      request.asOfPosition = position
    } else {
      let place = try LogPlace(moment, name: "asOf")
      guard place.log == (try await exchange.core.logID()) else { throw Problem(.logChanged) }
      request.asOfPosition = place.position
    }
    let message = request
    let posts = exchange.core.upstreams.posts
    let post = try await exchange.read {
      try await posts.getRevision(message, metadata: $0, options: $1) { try Answer($0) }
    }.post
    return try exchange.json(capacity: post.body.utf8.count + 1024) { (writer) throws(Problem) in
      writer.post(post, includesBody: true)
    }
  }

  private static func restore(_ exchange: inout Exchange) async throws -> Response {
    let id = try exchange.identifier("id")
    let condition = try exchange.ifMatch()
    try await exchange.noMembers()
    var request = Wordweave_Posts_V1_RestoreRevisionRequest()
    request.postID = id
    request.revision = try exchange.revision("n")
    request.commandID = Bytes.data(exchange.commandID)
    let message = request
    return try await PostsRoutes.changed(&exchange, id, condition) { posts, metadata, options in
      try await posts.restoreRevision(
        message,
        metadata: metadata,
        options: options
      ) { try Answer($0) }
    }
  }

  private static func diff(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Posts_V1_DiffRequest()
    request.postID = try exchange.identifier("id")
    let range = UInt64(0)...UInt64(Int64.max)
    guard let from = try exchange.query.number("from", range),
      let to = try exchange.query.number("to", range)
    else {
      throw Problem(
        .validation,
        errors: [.init("from", "required", "Both from and to name a revision.")]
      )
    }
    request.from = from
    request.to = to
    let message = request
    let posts = exchange.core.upstreams.posts
    let answer = try await exchange.read {
      try await posts.diff(
        message,
        metadata: $0,
        options: $1
      ) { try Answer($0) }
    }
    return try exchange.json { (writer) throws(Problem) in
      writer.object { writer in
        writer.member("from", from)
        writer.member("to", to)
        writer.key("members")
        writer.array { writer in for member in answer.members { write(&writer, member) } }
      }
    }
  }

  private static func write(_ writer: inout JSONWriter, _ member: Wordweave_Posts_V1_MemberDiff) {
    writer.object { writer in
      writer.member("member", member.member)
      writer.key("parts")
      writer.array { writer in
        for part in member.parts {
          writer.object {
            $0.key("kind")
            switch part.kind {
            case .added: $0.text("added")
            case .removed: $0.text("removed")
            default: $0.text("same")
            }
            $0.member("text", part.text)
          }
        }
      }
    }
  }
}
