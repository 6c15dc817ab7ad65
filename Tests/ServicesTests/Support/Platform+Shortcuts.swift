import GRPCCore
import Schemas
import SwiftProtobuf

typealias PostAnswer = Answered<Wordweave_Posts_V1_PostResponse>
typealias UserAnswer = Answered<Wordweave_Users_V1_UserResponse>

extension Platform {
  @discardableResult
  func register(_ name: String) async throws -> UserAnswer {
    try await users.register(
      .with {
        $0.userID = "user_" + name
        $0.username = name
      },
      metadata: Call.operator.metadata
    ) { try Answered($0) }
  }

  func draft(
    _ title: String,
    by author: String,
    _ change: (inout Wordweave_Posts_V1_CreatePostRequest) -> Void = { _ in },
    call: Call? = nil
  ) async throws -> PostAnswer {
    var request = Wordweave_Posts_V1_CreatePostRequest.with { $0.title = title }
    change(&request)
    return try await posts.create(
      request,
      metadata: (call ?? .as("user_" + author)).metadata
    ) { try Answered($0) }
  }

  func edit(
    _ id: String,
    by author: String,
    call: Call? = nil,
    _ change: (inout Wordweave_Posts_V1_EditPostRequest) -> Void
  ) async throws -> PostAnswer {
    var request = Wordweave_Posts_V1_EditPostRequest.with { $0.postID = id }
    change(&request)
    return try await posts.edit(
      request,
      metadata: (call ?? .as("user_" + author)).metadata
    ) { try Answered($0) }
  }

  func publish(_ id: String, by author: String) async throws -> PostAnswer {
    try await posts.publish(
      .with { $0.postID = id },
      metadata: Call.as("user_" + author).metadata
    ) { try Answered($0) }
  }

  func get(_ id: String, _ call: Call, workingCopy: Bool = false) async throws -> PostAnswer {
    try await posts.get(
      .with {
        $0.postID = id
        $0.workingCopy = workingCopy
      },
      metadata: call.metadata
    ) { try Answered($0) }
  }

  func get(slug: String, _ call: Call) async throws -> PostAnswer {
    try await posts.get(.with { $0.slug = slug }, metadata: call.metadata) { try Answered($0) }
  }

  func list(
    _ call: Call,
    _ change: (inout Wordweave_Posts_V1_ListPostsRequest) -> Void = { _ in }
  ) async throws -> Wordweave_Posts_V1_ListPostsResponse {
    var request = Wordweave_Posts_V1_ListPostsRequest()
    change(&request)
    return try await posts.list(request, metadata: call.metadata)
  }
}

extension Answered<Wordweave_Posts_V1_PostResponse> {
  var post: Wordweave_Posts_V1_Post { message.post }
}

extension Answered<Wordweave_Users_V1_UserResponse> {
  var user: Wordweave_Users_V1_User { message.user }
}
