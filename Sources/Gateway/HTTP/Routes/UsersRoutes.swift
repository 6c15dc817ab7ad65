internal import HTTPTypes
internal import Hummingbird
internal import Schemas

/// Accounts, profiles and follows.
enum UsersRoutes {
  private typealias UserAnswer = Answer<Wordweave_Users_V1_UserResponse>
  private typealias FollowsAnswer = Answer<Wordweave_Users_V1_ListFollowsResponse>
  private typealias FollowAnswer = Answer<Wordweave_Users_V1_FollowResponse>

  static let all: [Route] = [
    Route(.get, "/v1/me", .account, me),
    Route(.patch, "/v1/me", .account, editMe),
    Route(.get, "/v1/users", .anybody, several),
    Route(.get, "/v1/users/{username}", .anybody, one),
    Route(.get, "/v1/users/{username}/posts", .anybody, posts),
    Route(.get, "/v1/users/{username}/followers", .anybody) { exchange in
      try await follows(&exchange, followers: true)
    },
    Route(.get, "/v1/users/{username}/following", .anybody) { exchange in
      try await follows(&exchange, followers: false)
    },
    Route(.put, "/v1/users/{username}/follow", .account) { exchange in
      try await follow(&exchange, true)
    },
    Route(.delete, "/v1/users/{username}/follow", .account) { exchange in
      try await follow(&exchange, false)
    },
  ]

  private static func me(_ exchange: inout Exchange) async throws -> Response {
    var request = Wordweave_Users_V1_GetUserRequest()
    request.userID = try exchange.account().subject
    return try own(&exchange, try await fetch(&exchange, request))
  }

  private static func own(
    _ exchange: inout Exchange,
    _ user: Wordweave_Users_V1_User
  ) throws -> Response {
    let tag = EntityTag.text(user.revision)
    if exchange.request.method == .get, let unchanged = try exchange.notModified(tag) {
      return unchanged
    }
    return try exchange.json(headers: [.eTag: tag]) { (writer) throws(Problem) in
      writer.ownAccount(user)
    }
  }

  private static func editMe(_ exchange: inout Exchange) async throws -> Response {
    let condition = try exchange.ifMatch(isRequired: true)
    var members = try await exchange.members(
      types: ["application/json", "application/merge-patch+json"])
    var request = Wordweave_Users_V1_EditProfileRequest()
    request.userID = try exchange.account().subject
    request.commandID = Bytes.data(exchange.commandID)
    if let text = members.text(
      "displayName",
      characters: GatewayLimits.displayName,
      null: ""
    ) {
      request.displayName = text
    }
    if let text = members.text("bio", bytes: GatewayLimits.bio, null: "") { request.bio = text }
    if let text = members.text("image", bytes: GatewayLimits.address, null: "") {
      request.image = text
    }
    try members.finish()
    let message = request
    let users = exchange.core.upstreams.users
    let response: Wordweave_Users_V1_UserResponse
    do {
      response = try await exchange.write(expecting: condition) {
        try await users.editProfile(
          message,
          metadata: $0,
          options: $1
        ) { try Answer($0) }
      }
    } catch {
      throw error.naming(yours: condition)
    }
    return try own(&exchange, response.user)
  }

  private static func several(_ exchange: inout Exchange) async throws -> Response {
    guard let text = try exchange.query.value("ids") else {
      throw Problem(.validation, errors: [.init("ids", "required", "Name ids, parted by commas.")])
    }
    let ids = text.split(separator: ",").map(String.init)
    guard ids.count <= GatewayLimits.ids, ids.allSatisfy({ TokenVerifier.isAccountID($0) }) else {
      throw Problem(
        .validation,
        errors: [.init("ids", "invalid", "At most \(GatewayLimits.ids) ids of accounts.")]
      )
    }
    var request = Wordweave_Users_V1_GetUsersRequest()
    request.userIds = ids
    request.viewerID = exchange.viewer
    let message = request
    let users = exchange.core.upstreams.users
    let found = try await exchange.read {
      try await users.getUsers(
        message,
        metadata: $0,
        options: $1
      ) { try Answer($0) }
    }
    return try exchange.json { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("items")
        writer.array { writer in for user in found.users { writer.user(user) } }
        writer.key("next")
        writer.null()
      }
    }
  }

  private static func one(_ exchange: inout Exchange) async throws -> Response {
    let name = exchange.parameter("username")
    let user = try await named(&exchange, name)
    // The service finds former names too; those lead on to the present one.
    if user.username.lowercased() != name.lowercased(), user.userID != name {
      return Response(
        status: .permanentRedirect,
        headers: [.location: "/v1/users/" + QueryText.encoded(user.username)]
      )
    }
    let tag =
      "W/\"r\(user.revision)-\(user.followers)-\(user.following)"
      + (user.hasFollowedByViewer ? (user.followedByViewer ? "-f\"" : "-n\"") : "\"")
    if let unchanged = try exchange.notModified(tag) { return unchanged }
    return try exchange.json(headers: [.eTag: tag]) { (writer) throws(Problem) in
      writer.user(user)
    }
  }

  private static func posts(_ exchange: inout Exchange) async throws -> Response {
    let user = try await named(&exchange, exchange.parameter("username"))
    return try await PostsRoutes.list(&exchange, authorID: user.userID, tag: nil)
  }

  private static func follows(
    _ exchange: inout Exchange,
    followers: Bool
  ) async throws -> Response {
    let page = try exchange.page()
    let user = try await named(&exchange, exchange.parameter("username"))
    var request = Wordweave_Users_V1_ListFollowsRequest()
    request.userID = user.userID
    request.limit = page.limit
    request.after = Bytes.data(page.after)
    request.viewerID = exchange.viewer
    let message = request
    let users = exchange.core.upstreams.users
    let answer = try await exchange.read {
      if followers {
        try await users.listFollowers(
          message,
          metadata: $0,
          options: $1
        ) { try Answer($0) }
      } else {
        try await users.listFollowing(
          message,
          metadata: $0,
          options: $1
        ) { try Answer($0) }
      }
    }
    return try exchange.list(answer.users, next: answer.next, of: page) { $0.user($1) }
  }

  private static func follow(_ exchange: inout Exchange, _ isOn: Bool) async throws -> Response {
    try await exchange.noMembers()
    let user = try await named(&exchange, exchange.parameter("username"))
    var request = Wordweave_Users_V1_FollowRequest()
    request.followerID = try exchange.account().subject
    request.followeeID = user.userID
    let message = request
    let users = exchange.core.upstreams.users
    _ = try await exchange.write {
      if isOn {
        try await users.follow(message, metadata: $0, options: $1) { try Answer($0) }
      } else {
        try await users.unfollow(message, metadata: $0, options: $1) { try Answer($0) }
      }
    }
    return exchange.empty()
  }

  /// The account of a username, present or former, or of an id.
  static func named(
    _ exchange: inout Exchange,
    _ name: String
  ) async throws(Problem) -> Wordweave_Users_V1_User {
    guard !name.isEmpty, name.utf8.count <= 4 * GatewayLimits.username else {
      throw Problem(.notFound)
    }
    var request = Wordweave_Users_V1_GetUserRequest()
    if TokenVerifier.isAccountID(name) { request.userID = name } else { request.username = name }
    return try await fetch(&exchange, request)
  }

  private static func fetch(
    _ exchange: inout Exchange,
    _ request: Wordweave_Users_V1_GetUserRequest
  ) async throws(Problem) -> Wordweave_Users_V1_User {
    var message = request
    message.viewerID = exchange.viewer
    let sent = message
    let users = exchange.core.upstreams.users
    return try await exchange.read {
      try await users.getUser(sent, metadata: $0, options: $1) { try Answer($0) }
    }.user
  }
}

extension Exchange {
  /// The account that looks, or empty.
  var viewer: String {
    guard let principal, principal != .operator else { return "" }
    return principal.subject
  }
}

extension Problem {
  /// A 412 that also tells which revision the client named.
  func naming(yours condition: EntityTag.Condition) -> Problem {
    guard kind == .revisionConflict, case .revision(let revision) = condition else { return self }
    var copy = self
    copy.extensions.append(("yourRevision", String(revision)))
    return copy
  }
}
