// swift-format-ignore-file
// Made by ops/dev/direct-clients.py from wordweave/users/v1/api.proto.
package import GRPCCore

extension Wordweave_Users_V1_Users {
  /// Calls a service in the same process.
  package struct DirectClient: ClientProtocol {
    private let service: any ServiceProtocol
    package init(_ service: any ServiceProtocol) { self.service = service }

    package func register<Result>(
      request: ClientRequest<Wordweave_Users_V1_RegisterRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_RegisterRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_UserResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_UserResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Register.descriptor) {
          try await service.register(request: $0, context: $1)
        })
    }

    package func provision<Result>(
      request: ClientRequest<Wordweave_Users_V1_ProvisionRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_ProvisionRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_UserResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_UserResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Provision.descriptor) {
          try await service.provision(request: $0, context: $1)
        })
    }

    package func editProfile<Result>(
      request: ClientRequest<Wordweave_Users_V1_EditProfileRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_EditProfileRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_UserResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_UserResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.EditProfile.descriptor) {
          try await service.editProfile(request: $0, context: $1)
        })
    }

    package func changeUsername<Result>(
      request: ClientRequest<Wordweave_Users_V1_ChangeUsernameRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_ChangeUsernameRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_UserResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_UserResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.ChangeUsername.descriptor) {
          try await service.changeUsername(request: $0, context: $1)
        })
    }

    package func setRole<Result>(
      request: ClientRequest<Wordweave_Users_V1_SetRoleRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_SetRoleRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_UserResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_UserResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.SetRole.descriptor) {
          try await service.setRole(request: $0, context: $1)
        })
    }

    package func setSuspension<Result>(
      request: ClientRequest<Wordweave_Users_V1_SetSuspensionRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_SetSuspensionRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_UserResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_UserResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.SetSuspension.descriptor) {
          try await service.setSuspension(request: $0, context: $1)
        })
    }

    package func delete<Result>(
      request: ClientRequest<Wordweave_Users_V1_DeleteUserRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_DeleteUserRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_DeleteUserResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_DeleteUserResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Delete.descriptor) {
          try await service.delete(request: $0, context: $1)
        })
    }

    package func follow<Result>(
      request: ClientRequest<Wordweave_Users_V1_FollowRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_FollowRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_FollowResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_FollowResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Follow.descriptor) {
          try await service.follow(request: $0, context: $1)
        })
    }

    package func unfollow<Result>(
      request: ClientRequest<Wordweave_Users_V1_FollowRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_FollowRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_FollowResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_FollowResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.Unfollow.descriptor) {
          try await service.unfollow(request: $0, context: $1)
        })
    }

    package func getUser<Result>(
      request: ClientRequest<Wordweave_Users_V1_GetUserRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_GetUserRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_UserResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_UserResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.GetUser.descriptor) {
          try await service.getUser(request: $0, context: $1)
        })
    }

    package func getUsers<Result>(
      request: ClientRequest<Wordweave_Users_V1_GetUsersRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_GetUsersRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_GetUsersResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_GetUsersResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.GetUsers.descriptor) {
          try await service.getUsers(request: $0, context: $1)
        })
    }

    package func getStanding<Result>(
      request: ClientRequest<Wordweave_Users_V1_GetStandingRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_GetStandingRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_Standing>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_Standing>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.GetStanding.descriptor) {
          try await service.getStanding(request: $0, context: $1)
        })
    }

    package func listFollowers<Result>(
      request: ClientRequest<Wordweave_Users_V1_ListFollowsRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_ListFollowsRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_ListFollowsResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_ListFollowsResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.ListFollowers.descriptor) {
          try await service.listFollowers(request: $0, context: $1)
        })
    }

    package func listFollowing<Result>(
      request: ClientRequest<Wordweave_Users_V1_ListFollowsRequest>,
      serializer: some MessageSerializer<Wordweave_Users_V1_ListFollowsRequest>,
      deserializer: some MessageDeserializer<Wordweave_Users_V1_ListFollowsResponse>,
      options: CallOptions,
      onResponse handleResponse:
        @Sendable @escaping (ClientResponse<Wordweave_Users_V1_ListFollowsResponse>) async throws -> Result
    ) async throws -> Result where Result: Sendable {
      try await handleResponse(
        await DirectCall.unary(request, of: Method.ListFollowing.descriptor) {
          try await service.listFollowing(request: $0, context: $1)
        })
    }
  }
}
