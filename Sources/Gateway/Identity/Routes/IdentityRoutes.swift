public import Gateway
internal import HTTPTypes
internal import Hummingbird

extension LocalIdentity {
  /// The routes below `/identity`.
  public func makeRoutes() -> GatewayRoutes {
    GatewayRoutes([
      Route(.post, "/identity/sign-ups", .open) { try await self.signUp(&$0) },
      Route(.post, "/identity/sign-ins", .open) { try await self.signIn(&$0) },
      Route(.post, "/identity/sign-outs", .open) { try await self.signOut(&$0) },
      Route(.post, "/identity/sessions/{sid}/tokens", .open) { try await self.refresh(&$0) },
      Route(.patch, "/identity/account", .account) { try await self.editAccount(&$0) },
      Route(.delete, "/identity/account", .account) { try await self.deleteAccount(&$0) },
      Route(.get, "/identity/.well-known/jwks.json", .open) { try self.keySet($0) },
      Route(.get, "/identity/v1/jwks", .administrator) { try self.keySet($0) },
      Route(.get, "/identity/v1/users", .administrator) { try self.listUsers($0) },
      Route(.get, "/identity/v1/users/{id}", .administrator) { try self.showUser($0) },
      Route(.post, "/identity/v1/keys/rotate", .administrator) { exchange in
        try await exchange.noMembers()
        try await self.blocking.run { try self.keys.rotate() }
        return try self.keySet(exchange)
      },
    ])
  }

  private func keySet(_ exchange: Exchange) throws -> Response {
    try exchange.json(headers: [.cacheControl: "public, max-age=300"]) { (writer) throws(Problem) in
      writer.object { writer in
        writer.key("keys")
        writer.array { writer in
          for key in keys.ring.all {
            writer.object {
              $0.member("alg", "RS256")
              $0.member("e", Base64Text.urlEncoded(key.exponent))
              $0.member("kid", key.kid)
              $0.member("kty", "RSA")
              $0.member("n", Base64Text.urlEncoded(key.modulus))
              $0.member("use", "sig")
            }
          }
        }
      }
    }
  }

  private func listUsers(_ exchange: Exchange) throws -> Response {
    let limit = try exchange.query.number("limit", 1...500) ?? 10
    let offset = try exchange.query.number("offset", 0...Int(Int32.max)) ?? 0
    var all = accounts.all
    switch try exchange.query.value("order_by") {
    case nil, "-created_at"?: all.reverse()
    case "created_at"?, "+created_at"?, " created_at"?: break
    default:
      throw Problem(
        .validation,
        errors: [.init("order_by", "unknown", "One of +created_at, -created_at.")]
      )
    }
    return try exchange.json { (writer) throws(Problem) in
      writer.array { writer in
        for account in all.dropFirst(offset).prefix(limit) { writer.foreign(account) }
      }
    }
  }

  private func showUser(_ exchange: Exchange) throws -> Response {
    guard let account = accounts.account(id: exchange.parameter("id")) else {
      throw Problem(.notFound)
    }
    return try exchange.json { (writer) throws(Problem) in writer.foreign(account) }
  }
}

extension JSONWriter {
  /// An account in the shape of the foreign provider's backend, snake case and milliseconds.
  mutating func foreign(_ account: Account) {
    let mail = "idn_" + account.id.dropFirst(5)
    object { writer in
      writer.member("id", account.id)
      writer.member("object", "user")
      writer.member("username", account.username)
      writer.member("image_url", account.image)
      writer.member("has_image", !account.image.isEmpty)
      writer.member("primary_email_address_id", mail)
      writer.key("email_addresses")
      writer.array { writer in
        writer.object {
          $0.member("id", mail)
          $0.member("object", "email_address")
          $0.member("email_address", account.email)
        }
      }
      writer.member("password_enabled", true)
      writer.member("banned", false)
      writer.member("locked", false)
      writer.member("created_at", account.createdAt / 1000)
      writer.member("updated_at", account.updatedAt / 1000)
    }
  }
}
