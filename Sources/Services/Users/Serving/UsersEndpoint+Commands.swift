internal import EventLogCore
package import GRPCCore
package import Schemas
internal import ServiceKit
internal import SwiftProtobuf

extension UsersEndpoint {
  package func register(
    request: ServerRequest<Wordweave_Users_V1_RegisterRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let isChosen = request.userID.isEmpty
      let id = isChosen ? newUserID() : try UserRules.id(request.userID)
      guard call.caller.isPrivileged || call.caller.id == id else {
        throw CommonRejection.forbidden("Nobody registers another's account.")
      }
      let username = try UserRules.username(request.username)
      let profile = Profile(
        displayName: try UserRules.displayName(request.displayName),
        bio: try UserRules.bio(request.bio),
        image: try UserRules.image(request.image)
      )
      let submission = Submission<Account>(
        to: UserStreams.account(id),
        id: try CallRules.commandID(request.commandID),
        isStreamChosen: isChosen,
        context: call
      ) { attempt in
        .register(
          id: id,
          username: username,
          profile: profile,
          isTaken: !attempt.taken.isEmpty
        )
      }
      return try await answer(submission)
    }
  }

  package func provision(
    request: ServerRequest<Wordweave_Users_V1_ProvisionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try UserRules.id(request.userID)
      guard call.caller.isPrivileged || call.caller.id == id else {
        throw CommonRejection.forbidden("Nobody provisions another's account.")
      }
      // Names are drawn before the decision, so that deciding stays free of randomness.
      let names = (0..<UserLimits.provisionalNames).map { _ in provisionalName() }
      let submission = Submission<Account>(
        to: UserStreams.account(id),
        context: call
      ) { attempt in
        let name = names.first { !attempt.taken.contains(.username($0)) } ?? names[0]
        return .provision(id: id, username: name)
      }
      return try await answer(submission)
    }
  }

  package func editProfile(
    request: ServerRequest<Wordweave_Users_V1_EditProfileRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try ownAccount(request.userID, call)
      let change = ProfileChange(
        displayName: request.hasDisplayName
          ? try UserRules.displayName(request.displayName) : nil,
        bio: request.hasBio ? try UserRules.bio(request.bio) : nil,
        image: request.hasImage ? try UserRules.image(request.image) : nil
      )
      let submission = Submission<Account>(
        to: UserStreams.account(id),
        id: try CallRules.commandID(request.commandID),
        context: call
      ) { _ in .editProfile(change) }
      return try await answer(submission)
    }
  }

  package func changeUsername(
    request: ServerRequest<Wordweave_Users_V1_ChangeUsernameRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try ownAccount(request.userID, call)
      let username = try UserRules.username(request.username)
      let submission = Submission<Account>(
        to: UserStreams.account(id),
        id: try CallRules.commandID(request.commandID),
        context: call
      ) { attempt in .changeUsername(to: username, isTaken: !attempt.taken.isEmpty) }
      return try await answer(submission)
    }
  }

  package func setRole(
    request: ServerRequest<Wordweave_Users_V1_SetRoleRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    try await respond(to: request, logger: logger) { request, call in
      guard call.caller.isPrivileged else {
        throw CommonRejection.forbidden("Only administrators grant roles.")
      }
      let id = try UserRules.id(request.userID)
      guard let role = AccountRole(rawValue: request.role) else {
        throw ValidationError("role", "unknown", "A role is moderator or administrator.")
      }
      let isGranted = request.granted
      let submission = Submission<Account>(to: UserStreams.account(id), context: call) { _ in
        .setRole(role, isGranted: isGranted)
      }
      return try await answer(submission)
    }
  }

  package func setSuspension(
    request: ServerRequest<Wordweave_Users_V1_SetSuspensionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    try await respond(to: request, logger: logger) { request, call in
      guard call.caller.isModerator else {
        throw CommonRejection.forbidden("Only moderators suspend accounts.")
      }
      let id = try UserRules.id(request.userID)
      let reason = request.reason
      if request.suspended {
        try TextRules.check(
          reason,
          "reason",
          bytes: 1...UserLimits.reasonBytes,
          controls: .lines
        )
      }
      let command: Account.Command = request.suspended ? .suspend(reason: reason) : .reinstate
      let submission = Submission<Account>(to: UserStreams.account(id), context: call) { _ in
        command
      }
      return try await answer(submission)
    }
  }

  package func delete(
    request: ServerRequest<Wordweave_Users_V1_DeleteUserRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_DeleteUserResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let id = try ownAccount(request.userID, call)
      let submission = Submission<Account>(to: UserStreams.account(id), context: call) { _ in
        .delete
      }
      let outcome = try await accounts.handle(submission)
      return Answer(Wordweave_Users_V1_DeleteUserResponse(), of: outcome)
    }
  }

  package func follow(
    request: ServerRequest<Wordweave_Users_V1_FollowRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_FollowResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let follower = try ownAccount(request.followerID, call, "followerId")
      let followee = try UserRules.id(request.followeeID, "followeeId")
      guard try await accounts.load(UserStreams.account(followee)).state.exists else {
        throw CommonRejection.notFound("account")
      }
      let state = try await accounts.load(UserStreams.account(follower)).state
      guard state.exists else { throw Account.Rejection.unknown }
      guard state.mayWrite else { throw Account.Rejection.suspended }
      return try await answer(.follow(by: follower, whom: followee), call)
    }
  }

  package func unfollow(
    request: ServerRequest<Wordweave_Users_V1_FollowRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_FollowResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let follower = try ownAccount(request.followerID, call, "followerId")
      let followee = try UserRules.id(request.followeeID, "followeeId")
      return try await answer(.unfollow(by: follower, whom: followee), call)
    }
  }
}

extension UsersEndpoint {
  private func ownAccount(
    _ id: String,
    _ call: CallContext,
    _ field: String = "userId"
  ) throws -> String {
    let id = try UserRules.id(id, field)
    guard call.caller.isPrivileged || call.caller.id == id else {
      throw CommonRejection.forbidden("Nobody acts for another's account.")
    }
    return id
  }

  private func answer(
    _ submission: Submission<Account>
  ) async throws -> Answer<Wordweave_Users_V1_UserResponse> {
    let outcome = try await accounts.handle(submission)
    return Answer(.with { $0.user = Wordweave_Users_V1_User(outcome.state) }, of: outcome)
  }

  private func answer(
    _ command: Follow.Command,
    _ call: CallContext
  ) async throws -> Answer<Wordweave_Users_V1_FollowResponse> {
    let (follower, followee) =
      switch command {
      case .follow(let by, let whom), .unfollow(let by, let whom): (by, whom)
      }
    let submission = Submission<Follow>(
      to: UserStreams.follow(follower, followee),
      context: call
    ) { _ in command }
    return Answer(Wordweave_Users_V1_FollowResponse(), of: try await follows.handle(submission))
  }

  private func newUserID() -> String {
    "user_" + makeID().description.filter { $0 != "-" }
  }

  /// `user-` and eight letters or digits, from the random end of a new id.
  private func provisionalName() -> String {
    "user-" + String(makeID().description.suffix(8))
  }
}
