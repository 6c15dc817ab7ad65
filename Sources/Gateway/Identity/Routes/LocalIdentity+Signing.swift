internal import Gateway
internal import GRPCCore
internal import HTTPTypes
internal import Hummingbird
internal import Schemas

extension LocalIdentity {
  /// Characters of a password (NIST SP 800-63B asks for 8 at least and no rules of composition).
  static let passwordCharacters = 8...256
  /// Bytes of an e-mail address (RFC 5321 allows 254).
  static let emailBytes = 254

  // MARK: Sign-up

  func signUp(_ exchange: inout Exchange) async throws -> Response {
    var members = try await exchange.members()
    let username = members.required("username", characters: GatewayLimits.username)
    let email = members.required("email", bytes: Self.emailBytes)
    let password = Self.password(&members, isRequired: true) ?? ""
    let image = members.text("image", bytes: GatewayLimits.address, null: "") ?? ""
    if !email.isEmpty { Self.check(email: email, &members) }
    try members.finish()
    let (session, secret) = makeSession()
    let now = clock()
    let id = "user_" + Identifier.hex(Identifier.make())
    let cost = cost
    let account = try await blocking.run { [accounts] in
      var account = Account(
        id: id,
        username: username,
        email: email,
        image: image,
        password: try PasswordHash(password, cost: cost).text,
        createdAt: now,
        updatedAt: now
      )
      account.sessions = [session]
      if let taken = try accounts.add(account) { throw Self.problem(taken) }
      return account
    }
    do {
      let position = try await register(account, exchange)
      exchange.note(position)
      if let position {
        exchange.core.floors.remember(position, for: account.id)
        _ = try? await exchange.core.logID()
      }
    } catch {
      // Nobody has seen the account yet; the person may try again under the same name.
      try? await blocking.run { [accounts] in try accounts.discard(account) }
      throw error
    }
    return try answer(exchange, account, session, secret: secret, .created)
  }

  private func register(_ account: Account, _ exchange: Exchange) async throws -> UInt64? {
    var request = Wordweave_Users_V1_RegisterRequest()
    request.userID = account.id
    request.username = account.username
    request.image = account.image
    var metadata = exchange.callMetadata
    metadata.replaceOrAddString(account.id, forKey: "ww-actor")
    do {
      return try await upstreams.users.register(
        request,
        metadata: metadata,
        options: Upstreams.writeOptions
      ) { try Answer($0).position }
    } catch {
      throw Exchange.problem(error, expectsRevision: false)
    }
  }

  // MARK: Sign-in and sign-out

  func signIn(_ exchange: inout Exchange) async throws -> Response {
    var members = try await exchange.members()
    let identifier: String
    if members.has("identifier") {
      identifier = members.required("identifier", bytes: 512)
    } else if members.has("email") {
      identifier = members.required("email", bytes: 512)
    } else {
      identifier = members.required("username", bytes: 512)
    }
    let password = members.required("password", bytes: 4096)
    try members.finish()
    let known = accounts.account(identifier: identifier)
    let (session, secret) = makeSession()
    let cost = cost
    let account: Account? = try await blocking.run { [self] in
      guard let known, let hash = PasswordHash(stored: known.password) else {
        _ = try dummyHash().matches(password)
        return nil
      }
      guard hash.matches(password) else { return nil }
      let raised = hash.cost == cost ? nil : try PasswordHash(password, cost: cost).text
      let change = try accounts.change(known.id) { account in
        if let raised { account.password = raised }
        account.sessions.removeAll { $0.expiresAt <= session.createdAt }
        if account.sessions.count >= Account.sessionLimit { account.sessions.removeFirst() }
        account.sessions.append(session)
      }
      guard case .applied(let account) = change else { return nil }
      return account
    }
    guard let account else { throw Problem(.credentialsInvalid) }
    return try answer(exchange, account, session, secret: secret, .created)
  }

  func signOut(_ exchange: inout Exchange) async throws -> Response {
    try await exchange.noMembers()
    let (account, session) = try found(exchange, sid: nil)
    _ = try await blocking.run { [accounts] in
      try accounts.change(account.id) { $0.sessions.removeAll { $0.id == session.id } }
    }
    var response = exchange.empty()
    response.headers[.setCookie] = "__client=; Path=/identity; Max-Age=0; HttpOnly; SameSite=Strict"
    return response
  }

  /// A fresh token for a session, against the session's secret.
  func refresh(_ exchange: inout Exchange) async throws -> Response {
    try await exchange.noMembers()
    let (account, session) = try found(exchange, sid: exchange.parameter("sid"))
    let token = try issuer.token(account: account.id, session: session)
    return try exchange.json(.created, headers: [.cacheControl: "no-store"]) {
      (writer) throws(Problem) in
      writer.object {
        $0.member("object", "token")
        $0.member("token", token)
        $0.member("jwt", token)
      }
    }
  }

  /// The session that a secret opens.
  ///
  /// A secret is `<account id>.<session id>.<secret>`, so that it is found without a search.
  private func found(
    _ exchange: Exchange,
    sid: String?
  ) throws -> (account: Account, session: Account.Session) {
    let headers = exchange.request.headers
    var text: String?
    if let field = headers[.authorization] {
      let words = field.split(separator: " ", maxSplits: 1)
      if words.count == 2, words[0].lowercased() == "bearer" { text = String(words[1]) }
    } else if let cookie = Self.clientCookie(headers[values: .cookie]) {
      // A cookie comes by itself, so the page it comes from matters.
      guard let origin = headers[.origin], origin == exchange.core.origin.text else {
        throw Problem(.csrf)
      }
      text = cookie
    }
    guard let text else { throw Problem(.unauthenticated) }
    let parts = text.split(separator: ".")
    guard parts.count == 3, let account = accounts.account(id: String(parts[0])),
      let session = account.sessions.first(where: { $0.id == parts[1] }),
      session.expiresAt > clock(), sid == nil || sid == session.id,
      ConstantTime.equal(
        Array(session.secretDigest.utf8),
        Array(Self.digest(String(parts[2])).utf8)
      )
    else { throw Problem(.credentialsInvalid, "The session has ended or never was.") }
    return (account, session)
  }

  private static func clientCookie(_ values: [String]) -> String? {
    for pair in values.joined(separator: ";").split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      if parts.count == 2, String(parts[0]).trimmed == "__client" {
        return String(String(parts[1]).trimmed)
      }
    }
    return nil
  }

  private func answer(
    _ exchange: Exchange,
    _ account: Account,
    _ session: Account.Session,
    secret: String,
    _ status: HTTPResponse.Status
  ) throws -> Response {
    let token = try issuer.token(account: account.id, session: session)
    let whole = "\(account.id).\(session.id).\(secret)"
    let isSecure = exchange.core.origin.text.hasPrefix("https://")
    let cookie =
      "__client=\(whole); Path=/identity; Max-Age=\(Self.sessionLife / 1_000_000); HttpOnly; "
      + "SameSite=Strict" + (isSecure ? "; Secure" : "")
    return try exchange.json(status, headers: [.cacheControl: "no-store", .setCookie: cookie]) {
      (writer) throws(Problem) in
      writer.object { writer in
        writer.key("account")
        writer.own(account)
        writer.key("session")
        writer.object {
          $0.member("id", session.id)
          $0.member("secret", whole)
          $0.member("expiresAt", moment: session.expiresAt)
        }
        writer.member("token", token)
        writer.member("tokenLife", TokenIssuer.life)
        if let position = exchange.position {
          writer.member("position", exchange.core.place(position))
        }
      }
    }
  }

  // MARK: Rules

  static func password(_ members: inout RequestMembers, isRequired: Bool) -> String? {
    guard isRequired || members.has("password") else { return nil }
    let text = members.required("password", bytes: 4096)
    if !text.isEmpty, !passwordCharacters.contains(text.count) {
      members.fail("password", "length", "A password has 8 to 256 characters.")
    }
    return text
  }

  static func check(email: String, _ members: inout RequestMembers) {
    let parts = email.split(separator: "@", omittingEmptySubsequences: false)
    let isSound =
      parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty
      && !email.contains { $0.isWhitespace }
    if !isSound { members.fail("email", "malformed", "An address has one @ and no space.") }
  }

  static func problem(_ taken: AccountDirectory.Taken) -> Problem {
    switch taken {
    case .username:
      Problem(.alreadyTaken, "The username has already been taken.", pointer: "username")
    case .email: Problem(.alreadyTaken, "The e-mail has already been taken.", pointer: "email")
    }
  }
}

extension JSONWriter {
  /// An account as its owner sees it.
  mutating func own(_ account: Account) {
    object {
      $0.member("id", account.id)
      $0.member("username", account.username)
      $0.member("email", account.email)
      $0.member("image", orNull: account.image)
      $0.member("createdAt", moment: account.createdAt)
      $0.member("updatedAt", moment: account.updatedAt)
    }
  }
}
