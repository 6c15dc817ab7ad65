internal import Gateway
internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import Schemas

extension LocalIdentity {
  /// Changes username, e-mail, password or picture; a new password ends other sessions.
  func editAccount(_ exchange: inout Exchange) async throws -> Response {
    let principal = try exchange.account()
    guard !principal.isImpersonated else { throw Problem(.impersonationNotAllowed) }
    guard let before = accounts.account(id: principal.subject) else { throw Problem(.notFound) }
    var members = try await exchange.members(
      types: ["application/json", "application/merge-patch+json"])
    let username =
      members.has("username")
      ? members.required("username", characters: GatewayLimits.username) : nil
    let email = members.has("email") ? members.required("email", bytes: Self.emailBytes) : nil
    if let email, !email.isEmpty { Self.check(email: email, &members) }
    let password = Self.password(&members, isRequired: false)
    let image = members.text("image", bytes: GatewayLimits.address, null: "")
    try members.finish()
    let now = clock()
    let cost = cost
    let session = principal.session
    let change = try await blocking.run { [accounts] in
      let hash = try password.map { try PasswordHash($0, cost: cost).text }
      return try accounts.change(before.id) { account in
        if let username { account.username = username }
        if let email { account.email = email }
        if let image { account.image = image }
        if let hash {
          account.password = hash
          account.sessions.removeAll { $0.id != session }
        }
        account.updatedAt = max(now, account.updatedAt + 1)
      }
    }
    switch change {
    case .unknown: throw Problem(.notFound)
    case .taken(let taken): throw Self.problem(taken)
    case .applied(let account):
      do {
        try await mirror(&exchange, before, account)
      } catch {
        // The Users Service decides about names in the end: what it refuses is taken back here.
        _ = try? await blocking.run { [accounts] in
          try accounts.change(before.id) {
            $0.username = before.username
            $0.image = before.image
          }
        }
        throw error
      }
      exchange.core.forgetAccount(account.id)
      return try exchange.json { (writer) throws(Problem) in writer.own(account) }
    }
  }

  private func mirror(
    _ exchange: inout Exchange,
    _ before: Account,
    _ after: Account
  ) async throws(Problem) {
    let users = upstreams.users
    if before.username != after.username {
      var request = Wordweave_Users_V1_ChangeUsernameRequest()
      request.userID = after.id
      request.username = after.username
      let message = request
      _ = try await exchange.write {
        try await users.changeUsername(message, metadata: $0, options: $1) { try Answer($0) }
      }
    }
    if before.image != after.image {
      var request = Wordweave_Users_V1_EditProfileRequest()
      request.userID = after.id
      request.image = after.image
      let message = request
      _ = try await exchange.write {
        try await users.editProfile(message, metadata: $0, options: $1) { try Answer($0) }
      }
    }
  }

  /// Ends the account, here and in the Users Service, for ever.
  func deleteAccount(_ exchange: inout Exchange) async throws -> Response {
    let principal = try exchange.account()
    guard !principal.isImpersonated else { throw Problem(.impersonationNotAllowed) }
    guard let account = accounts.account(id: principal.subject) else { throw Problem(.notFound) }
    try await exchange.noMembers()
    var request = Wordweave_Users_V1_DeleteUserRequest()
    request.userID = account.id
    let message = request
    let users = upstreams.users
    _ = try await exchange.write {
      try await users.delete(message, metadata: $0, options: $1) { try Answer($0) }
    }
    _ = try await blocking.run { [accounts] in
      try accounts.change(account.id) {
        $0.isDeleted = true
        $0.sessions = []
        $0.password = ""
      }
    }
    exchange.core.forgetAccount(account.id)
    return exchange.empty()
  }
}
