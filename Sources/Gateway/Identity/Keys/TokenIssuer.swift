internal import Gateway
internal import NIOCore

/// Signs session tokens as Clerk does: RS256, v2 claims, one header member that nobody knows.
struct TokenIssuer: Sendable {
  /// Seconds that a token lives; whoever needs longer fetches another with the session's secret.
  static let life: Int64 = 60
  /// Clocks may differ a little.
  private static let head: Int64 = 10
  let keys: SigningKeys
  let issuer: @Sendable () -> String
  let party: @Sendable () -> String
  let clock: @Sendable () -> Int64

  /// A token for a session of an account.
  func token(account: String, session: Account.Session) throws -> String {
    let key = keys.ring.current
    let now = clock() / 1_000_000
    var header = JSONWriter(capacity: 128)
    header.object {
      $0.member("alg", "RS256")
      $0.member("cat", "cl_standin")
      $0.member("kid", key.kid)
      $0.member("typ", "JWT")
    }
    var claims = JSONWriter(capacity: 256)
    claims.object { writer in
      writer.member("azp", party())
      writer.member("exp", now + Self.life)
      writer.key("fva")
      writer.array {
        $0.number((now - session.createdAt / 1_000_000) / 60)
        $0.number(-1)
      }
      writer.member("iat", now)
      writer.member("iss", issuer())
      writer.member("jti", Base64Text.urlEncoded(Identifier.make().suffix(10)))
      writer.member("nbf", now - Self.head)
      writer.member("sid", session.id)
      writer.member("sts", "active")
      writer.member("sub", account)
      writer.member("v", 2)
    }
    let content =
      Base64Text.urlEncoded(header.buffer.readableBytesView) + "."
      + Base64Text.urlEncoded(claims.buffer.readableBytesView)
    return content + "." + Base64Text.urlEncoded(try key.signature(over: Array(content.utf8)))
  }
}
