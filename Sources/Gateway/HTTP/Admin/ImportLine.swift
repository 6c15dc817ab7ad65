internal import Foundation
internal import GRPCCore
internal import Schemas
internal import SwiftProtobuf
internal import WeaveRuntime

/// One line of an import: a command with its original author and time.
struct ImportLine: Sendable {
  enum Command: Sendable {
    case registerUser(Wordweave_Users_V1_RegisterRequest)
    case createPost(Wordweave_Posts_V1_CreatePostRequest)
    case editPost(Wordweave_Posts_V1_EditPostRequest)
    case publishPost(Wordweave_Posts_V1_PublishPostRequest)
    case unpublishPost(Wordweave_Posts_V1_PostRequest)
    case deletePost(Wordweave_Posts_V1_DeletePostRequest)
    case restorePost(Wordweave_Posts_V1_PostRequest)
  }

  let actor: String
  let occurredAt: String
  let command: Command
  /// What must stay in order: the post's id; empty for accounts.
  let post: String

  /// Reads a line.
  init(_ value: JSONValue) throws(Problem) {
    var members = try RequestMembers(value)
    guard let id = Identifier.bytes(members.required("commandID")) else {
      throw Problem(.validation, errors: [.init("commandID", "malformed", "A UUID is expected.")])
    }
    let commandID = Bytes.data(id)
    actor = members.required("actor", bytes: 128)
    let at = members.required("at", bytes: 64)
    guard let moment = MomentText.microseconds(at) else {
      throw Problem(
        .validation,
        errors: [.init("at", "malformed", "RFC 3339 with a zone is expected.")]
      )
    }
    occurredAt = MomentText.text(moment)
    let kind = members.required("kind", bytes: 64)
    post = kind == "registerUser" ? "" : try Self.postID(&members)
    command = try Self.command(kind, &members, post, commandID, actor)
    try members.finish()
  }

  private static func postID(_ members: inout RequestMembers) throws(Problem) -> String {
    guard let id = Identifier.bytes(members.required("postID")) else {
      throw Problem(.validation, errors: [.init("postID", "malformed", "A UUID is expected.")])
    }
    return Identifier.text(id)
  }

  private static func command(
    _ kind: String,
    _ members: inout RequestMembers,
    _ post: String,
    _ id: Data,
    _ actor: String
  ) throws(Problem) -> Command {
    switch kind {
    case "registerUser": return .registerUser(register(&members, id))
    case "createPost": return .createPost(create(&members, post, id))
    case "editPost": return .editPost(edit(&members, post, id))
    case "publishPost":
      var request = Wordweave_Posts_V1_PublishPostRequest()
      request.postID = post
      request.commandID = id
      if let text = members.text("publishedAt", bytes: 64) {
        guard let moment = MomentText.microseconds(text) else {
          throw Problem(
            .validation,
            errors: [.init("publishedAt", "malformed", "RFC 3339 with a zone is expected.")]
          )
        }
        request.publishedAt = moment
      }
      return .publishPost(request)
    case "deletePost":
      var request = Wordweave_Posts_V1_DeletePostRequest()
      request.postID = post
      request.commandID = id
      request.reason = members.text("reason", bytes: 2048, null: "") ?? ""
      return .deletePost(request)
    case "unpublishPost", "restorePost":
      var request = Wordweave_Posts_V1_PostRequest()
      request.postID = post
      request.commandID = id
      return kind == "restorePost" ? .restorePost(request) : .unpublishPost(request)
    default:
      throw Problem(.validation, errors: [.init("kind", "unknown", "No command is called so.")])
    }
  }

  private static func register(
    _ members: inout RequestMembers,
    _ id: Data
  ) -> Wordweave_Users_V1_RegisterRequest {
    var request = Wordweave_Users_V1_RegisterRequest()
    request.userID = members.required("userID", bytes: 128)
    request.username = members.required("username", characters: GatewayLimits.username)
    request.displayName =
      members.text("displayName", characters: GatewayLimits.displayName, null: "") ?? ""
    request.bio = members.text("bio", bytes: GatewayLimits.bio, null: "") ?? ""
    request.image = members.text("image", bytes: GatewayLimits.address, null: "") ?? ""
    request.commandID = id
    return request
  }

  private static func create(
    _ members: inout RequestMembers,
    _ post: String,
    _ id: Data
  ) -> Wordweave_Posts_V1_CreatePostRequest {
    var request = Wordweave_Posts_V1_CreatePostRequest()
    request.postID = post
    request.title = members.required("title", characters: GatewayLimits.title)
    request.summary =
      members.text("summary", characters: GatewayLimits.summary, null: "") ?? ""
    request.body = members.text("body", bytes: GatewayLimits.body, null: "") ?? ""
    request.tags = members.tags() ?? []
    request.byline = members.byline() ?? []
    request.cover = members.text("cover", bytes: GatewayLimits.address, null: "") ?? ""
    request.commandID = id
    return request
  }

  private static func edit(
    _ members: inout RequestMembers,
    _ post: String,
    _ id: Data
  ) -> Wordweave_Posts_V1_EditPostRequest {
    var request = Wordweave_Posts_V1_EditPostRequest()
    request.postID = post
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
    request.commandID = id
    return request
  }
}
