internal import GRPCCore
internal import Schemas
internal import Synchronization

struct FakeUsers: Wordweave_Users_V1_Users.ServiceProtocol {
  typealias UserResponse = ServerResponse<Wordweave_Users_V1_UserResponse>
  let world: FakeWorld

  private func respond(_ user: Wordweave_Users_V1_User, _ metadata: Metadata) -> UserResponse {
    var message = Wordweave_Users_V1_UserResponse()
    message.user = user
    return ServerResponse(message: message, metadata: metadata)
  }

  func register(
    request: ServerRequest<Wordweave_Users_V1_RegisterRequest>,
    context: ServerContext
  ) async throws -> UserResponse {
    world.note("register", request.metadata)
    let (user, metadata) = try world.write { state in
      guard !state.users.values.contains(where: { $0.username == request.message.username }) else {
        throw RPCError(
          code: .failedPrecondition,
          message: "The username has already been taken.",
          metadata: ["ww-rejection": "already-taken"]
        )
      }
      var user = Wordweave_Users_V1_User()
      user.userID = request.message.userID
      user.username = request.message.username
      state.users[user.userID] = user
      return user
    }
    return respond(user, metadata)
  }

  func provision(
    request: ServerRequest<Wordweave_Users_V1_ProvisionRequest>,
    context: ServerContext
  ) async throws -> UserResponse {
    let id = request.message.userID
    if id == "user_gone" {
      throw RPCError(code: .notFound, message: "", metadata: ["ww-rejection": "gone"])
    }
    if let user = world.state.withLock({ $0.users[id] }) { return respond(user, [:]) }
    let (user, metadata) = world.write { state in
      var user = Wordweave_Users_V1_User()
      user.userID = id
      user.username = "user-abcdefgh"
      user.provisional = true
      user.suspended = id == "user_suspended"
      if id == "user_administrator" { user.roles = ["administrator"] }
      state.users[id] = user
      return user
    }
    return respond(user, metadata)
  }

  func getUser(
    request: ServerRequest<Wordweave_Users_V1_GetUserRequest>,
    context: ServerContext
  ) async throws -> UserResponse {
    let message = request.message
    let (user, metadata) = try world.read(request.metadata) { state in
      let user =
        state.users[message.userID] ?? state.users.values.first { $0.username == message.username }
      guard let user else { throw RPCError(code: .notFound, message: "") }
      return user
    }
    return respond(user, metadata)
  }

  func getUsers(
    request: ServerRequest<Wordweave_Users_V1_GetUsersRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_GetUsersResponse> {
    let (_, metadata) = try world.read(request.metadata) { _ in }
    return ServerResponse(message: .init(), metadata: metadata)
  }

  func changeUsername(
    request: ServerRequest<Wordweave_Users_V1_ChangeUsernameRequest>,
    context: ServerContext
  ) async throws -> UserResponse {
    let (user, metadata) = world.write { state in
      state.users[request.message.userID]?.username = request.message.username
      return state.users[request.message.userID] ?? .init()
    }
    return respond(user, metadata)
  }

  func delete(
    request: ServerRequest<Wordweave_Users_V1_DeleteUserRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_DeleteUserResponse> {
    let (_, metadata) = world.write { $0.users[request.message.userID] = nil }
    return ServerResponse(message: .init(), metadata: metadata)
  }

  func follow(
    request: ServerRequest<Wordweave_Users_V1_FollowRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_FollowResponse> {
    if request.message.followerID == request.message.followeeID {
      throw RPCError(
        code: .failedPrecondition,
        message: "Nobody follows themselves.",
        metadata: ["ww-rejection": "oneself"]
      )
    }
    let (_, metadata) = world.write { _ in }
    return ServerResponse(message: .init(), metadata: metadata)
  }
}

extension Wordweave_Users_V1_User {
  static func with(_ username: String) -> Wordweave_Users_V1_User {
    var user = Wordweave_Users_V1_User()
    user.username = username
    return user
  }
}
