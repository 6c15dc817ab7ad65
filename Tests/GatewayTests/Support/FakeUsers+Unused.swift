internal import GRPCCore
internal import Schemas

/// The calls that no test makes.
extension FakeUsers {
  func editProfile(
    request: ServerRequest<Wordweave_Users_V1_EditProfileRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func setRole(
    request: ServerRequest<Wordweave_Users_V1_SetRoleRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func setSuspension(
    request: ServerRequest<Wordweave_Users_V1_SetSuspensionRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func unfollow(
    request: ServerRequest<Wordweave_Users_V1_FollowRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_FollowResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func getStanding(
    request: ServerRequest<Wordweave_Users_V1_GetStandingRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_Standing> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func listFollowers(
    request: ServerRequest<Wordweave_Users_V1_ListFollowsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_ListFollowsResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
  func listFollowing(
    request: ServerRequest<Wordweave_Users_V1_ListFollowsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_ListFollowsResponse> {
    throw RPCError(code: .unimplemented, message: "not in the fake")
  }
}
