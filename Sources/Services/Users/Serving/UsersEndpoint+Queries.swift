internal import EventLogCore
package import GRPCCore
internal import ProjectionsCore
package import Schemas
internal import ServiceKit
internal import SwiftProtobuf

extension UsersEndpoint {
  package func getUser(
    request: ServerRequest<Wordweave_Users_V1_GetUserRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_UserResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let viewer = request.viewerID
      let key = request.key
      let stream: StreamName? =
        if case .userID(let id)? = key { UserStreams.account(id) } else { nil }
      // Its counts come from the streams of follows, so every partition is waited for, not only its own.
      if call.floor != nil, stream != nil { try await read(call) { _ in } }
      let found = try await read(call, stream: stream) { view in
        let document: UsersModel.AccountDocument? =
          switch key {
          case .userID(let id)?: try view.get(DocumentKey(id), in: UsersModel.accounts)
          case .username(let name)?:
            try view.list(
              UsersModel.accounts,
              by: UsersModel.byName,
              KeyRange(prefix: DocumentKey(TextRules.folded(name))),
              limit: 1
            ).first?.document
          case nil: nil
          }
        return (try document.flatMap { try view.user($0, seenBy: viewer) }, view.appliedPosition)
      }
      guard let user = found.0 else { throw CommonRejection.notFound("account") }
      return Answer(.with { $0.user = user }, at: found.1)
    }
  }

  package func getUsers(
    request: ServerRequest<Wordweave_Users_V1_GetUsersRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_GetUsersResponse> {
    try await respond(to: request, logger: logger) { request, call in
      let ids = request.userIds
      let viewer = request.viewerID
      try Self.checkCount(ids)
      let found = try await read(call) { view in
        (try view.users(ids, seenBy: viewer), view.appliedPosition)
      }
      return Answer(.with { $0.users = found.0 }, at: found.1)
    }
  }

  package func getStanding(
    request: ServerRequest<Wordweave_Users_V1_GetStandingRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_Standing> {
    try await respond(to: request, logger: logger) { request, _ in
      try Self.checkCount(request.userIds)
      var position = GlobalPosition.start
      var standing = Wordweave_Users_V1_Standing()
      for id in request.userIds {
        let loaded = try await accounts.load(UserStreams.account(id))
        position = max(position, loaded.position)
        standing.entries.append(
          .with {
            $0.userID = id
            $0.exists = loaded.state.exists
            $0.mayWrite = loaded.state.mayWrite
            $0.reason = loaded.state.reasonNotToWrite
          }
        )
      }
      return Answer(standing, at: position)
    }
  }

  package func listFollowers(
    request: ServerRequest<Wordweave_Users_V1_ListFollowsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_ListFollowsResponse> {
    try await respond(to: request, logger: logger) { request, call in
      try await list(request, by: UsersModel.byFollowee, call) { $0.followerID }
    }
  }

  package func listFollowing(
    request: ServerRequest<Wordweave_Users_V1_ListFollowsRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Wordweave_Users_V1_ListFollowsResponse> {
    try await respond(to: request, logger: logger) { request, call in
      try await list(request, by: UsersModel.byFollower, call) { $0.followeeID }
    }
  }
}

extension UsersEndpoint: Wordweave_Users_V1_Users.ServiceProtocol {}

extension UsersEndpoint {
  private func read<R: Sendable>(
    _ call: CallContext,
    stream: StreamName? = nil,
    _ body: @escaping @Sendable (ReadModelView) throws -> R
  ) async throws -> R {
    try await model.read(
      atLeast: call.floor,
      stream: stream,
      patience: call.patience,
      body
    )
  }

  private func list(
    _ request: Wordweave_Users_V1_ListFollowsRequest,
    by index: Index<UsersModel.FollowDocument>,
    _ call: CallContext,
    other: @escaping @Sendable (UsersModel.FollowDocument) -> String
  ) async throws -> Answer<Wordweave_Users_V1_ListFollowsResponse> {
    let limit = try CallRules.limit(request.limit)
    let range = try KeyRange(
      prefix: DocumentKey(try UserRules.id(request.userID)),
      page: request.after
    )
    let viewer = request.viewerID
    let found = try await read(call) { view in
      let entries = try view.list(UsersModel.follows, by: index, range, limit: limit)
      let users = try view.users(entries.map { other($0.document) }, seenBy: viewer)
      let next = entries.count == limit ? entries.last?.cursor.bytes ?? [] : []
      return (users, next, view.appliedPosition)
    }
    var response = Wordweave_Users_V1_ListFollowsResponse()
    response.users = found.0
    response.next = protobufBytes(found.1)
    return Answer(response, at: found.2)
  }

  private static func checkCount(_ ids: [String]) throws(ValidationError) {
    guard ids.count <= UserLimits.ids else {
      throw ValidationError("userIds", "too-many", "At most \(UserLimits.ids) ids are allowed.")
    }
  }
}

extension Account.State {
  fileprivate var reasonNotToWrite: String {
    switch standing {
    case .unknown: "unknown"
    case .deleted: "deleted"
    case .provisional, .registered: suspension == nil ? "" : "suspended"
    }
  }
}

extension ReadModelView {
  /// An account with its counts; nil for one that is gone.
  fileprivate func user(
    _ document: UsersModel.AccountDocument,
    seenBy viewer: String
  ) throws -> Wordweave_Users_V1_User? {
    guard !document.deleted else { return nil }
    var user = Wordweave_Users_V1_User(document)
    let key = DocumentKey(document.userID)
    user.followers = try count(UsersModel.followers, at: key)
    user.following = try count(UsersModel.following, at: key)
    if !viewer.isEmpty {
      let follow = UsersModel.key(viewer, document.userID)
      user.followedByViewer = try get(follow, in: UsersModel.follows) != nil
    }
    return user
  }

  fileprivate func users(
    _ ids: [String],
    seenBy viewer: String
  ) throws -> [Wordweave_Users_V1_User] {
    try get(ids.map { DocumentKey($0) }, in: UsersModel.accounts).compactMap { document in
      try document.flatMap { try user($0, seenBy: viewer) }
    }
  }
}
