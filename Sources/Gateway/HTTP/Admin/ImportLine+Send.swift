internal import GRPCCore
internal import Schemas

extension ImportLine {
  /// What became of a line.
  struct Outcome: Sendable {
    var position: UInt64?
    var revision: UInt64?
    var isRepeat = false
  }

  /// Sends the command to its service, in the name of its author and for the operator.
  func send(_ upstreams: Upstreams, correlationID: String) async throws -> Outcome {
    var metadata = Metadata()
    metadata.addString(actor, forKey: "ww-actor")
    metadata.addString("operator", forKey: "ww-roles")
    metadata.addString(occurredAt, forKey: "ww-occurred-at")
    metadata.addString(correlationID, forKey: "ww-correlation-id")
    let options = Upstreams.options(timeout: .seconds(30))
    let posts = upstreams.posts
    switch command {
    case .registerUser(let request):
      return try await upstreams.users.register(request, metadata: metadata, options: options) {
        let answer = try Answer($0)
        return Outcome(
          position: answer.position,
          revision: answer.message.user.revision,
          isRepeat: answer.isRepeat
        )
      }
    case .createPost(let request):
      return try await posts.create(
        request,
        metadata: metadata,
        options: options
      ) { try Self.outcome($0) }
    case .editPost(let request):
      return try await posts.edit(
        request,
        metadata: metadata,
        options: options
      ) { try Self.outcome($0) }
    case .publishPost(let request):
      return try await posts.publish(
        request,
        metadata: metadata,
        options: options
      ) { try Self.outcome($0) }
    case .unpublishPost(let request):
      return try await posts.unpublish(
        request,
        metadata: metadata,
        options: options
      ) { try Self.outcome($0) }
    case .deletePost(let request):
      return try await posts.delete(
        request,
        metadata: metadata,
        options: options
      ) { try Self.outcome($0) }
    case .restorePost(let request):
      return try await posts.restore(
        request,
        metadata: metadata,
        options: options
      ) { try Self.outcome($0) }
    }
  }

  private static func outcome(
    _ response: ClientResponse<Wordweave_Posts_V1_PostResponse>
  ) throws -> Outcome {
    let answer = try Answer(response)
    return Outcome(
      position: answer.position,
      revision: answer.message.post.revision,
      isRepeat: answer.isRepeat
    )
  }
}
