/// What a good token says.
package struct VerifiedToken: Sendable, Equatable {
  /// `user_…`.
  package let subject: String
  /// The session, or empty.
  package let session: String
  /// Seconds since 1970.
  package let expires: Double
  /// Whether somebody acts in the subject's name.
  package let isImpersonated: Bool
}

/// Judges session tokens (JWT, RS256 only).
///
/// Each rule ends the judgement; their order is that of the checks: form, header, issuer, key,
/// signature, times, party, subject.
package struct TokenVerifier: Sendable {
  /// Clocks of issuer and gateway may differ by so many seconds.
  private static let leeway = 5.0
  private static let kidLimit = 128
  private static let otherKinds = ["ak_", "oat_", "m2m_", "mt_"]

  private let keys: any KeySource
  private let parties: @Sendable (String) -> Bool
  private let allowsMissingParty: Bool
  private let audience: String?
  private let clock: @Sendable () -> Int64

  /// - Parameters:
  ///   - keys: where keys come from.
  ///   - parties: whether tokens made for this origin (`azp`) are accepted.
  ///   - allowsMissingParty: whether tokens that name no origin are.
  ///   - audience: what `aud` must name; nil not to look at it.
  ///   - clock: microseconds since 1970.
  package init(
    keys: any KeySource,
    parties: @escaping @Sendable (String) -> Bool,
    allowsMissingParty: Bool,
    audience: String?,
    clock: @escaping @Sendable () -> Int64
  ) {
    self.keys = keys
    self.parties = parties
    self.allowsMissingParty = allowsMissingParty
    self.audience = audience
    self.clock = clock
  }

  /// Judges a token; throws the first problem found.
  package func verify(_ token: String) async throws(Problem) -> VerifiedToken {
    guard token.utf8.count <= GatewayLimits.token else { throw Problem(.tokenInvalid) }
    for kind in Self.otherKinds where token.hasPrefix(kind) {
      throw Problem(.invalidTokenType)
    }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3,
      let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
      let signature = Base64Text.urlDecoded(parts[2]), !signature.isEmpty
    else { throw Problem(.tokenInvalid) }
    let kid = try Self.kid(of: header)
    guard let issuer = claims["iss"]?.text, keys.accepts(issuer: issuer) else {
      throw Problem(.tokenInvalidIssuer)
    }
    let found: VerificationKey?
    do {
      found = try await keys.key(issuer: issuer, kid: kid)
    } catch {
      throw Problem(.jwkFailedToLoad).retrying(afterSeconds: 5)
    }
    guard let key = found else { throw Problem(.jwkKidMismatch) }
    let signed = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
    guard key.verifies(signature, over: signed) else { throw Problem(.tokenInvalidSignature) }
    let expires = try times(of: claims)
    try party(of: claims)
    return try Self.subject(of: claims, expires: expires)
  }

  private static func object(_ part: Substring) -> JSONValue? {
    guard let bytes = Base64Text.urlDecoded(part), let value = try? JSONReader.value(of: bytes),
      case .object = value
    else { return nil }
    return value
  }

  private static func kid(of header: JSONValue) throws(Problem) -> String {
    guard header["alg"]?.text == "RS256" else { throw Problem(.tokenInvalid) }
    if let type = header["typ"] {
      guard type.text?.uppercased() == "JWT" else { throw Problem(.tokenInvalid) }
    }
    guard header["crit"] == nil, let kid = header["kid"]?.text, !kid.isEmpty,
      kid.utf8.count <= kidLimit
    else { throw Problem(.tokenInvalid) }
    return kid
  }

  private func times(of claims: JSONValue) throws(Problem) -> Double {
    let now = Double(clock()) / 1_000_000
    guard let expires = claims["exp"]?.figure else { throw Problem(.tokenInvalid) }
    guard now < expires + Self.leeway else { throw Problem(.tokenExpired) }
    if let claim = claims["nbf"] {
      guard let notBefore = claim.figure else { throw Problem(.tokenInvalid) }
      guard notBefore <= now + Self.leeway else { throw Problem(.tokenNotActiveYet) }
    }
    if let claim = claims["iat"] {
      guard let issued = claim.figure else { throw Problem(.tokenInvalid) }
      guard issued <= now + Self.leeway else { throw Problem(.tokenIatInTheFuture) }
    }
    return expires + Self.leeway
  }

  private func party(of claims: JSONValue) throws(Problem) {
    switch claims["azp"] {
    case nil:
      guard allowsMissingParty else { throw Problem(.tokenInvalidAuthorizedParties) }
    case .string(let party)?:
      guard parties(party) else { throw Problem(.tokenInvalidAuthorizedParties) }
    default: throw Problem(.tokenInvalidAuthorizedParties)
    }
    guard let audience else { return }
    switch claims["aud"] {
    case .string(let named)? where named == audience: return
    case .array(let all)? where all.contains(where: { $0.text == audience }): return
    default: throw Problem(.tokenInvalidAudience)
    }
  }

  private static func subject(
    of claims: JSONValue,
    expires: Double
  ) throws(Problem) -> VerifiedToken {
    guard let subject = claims["sub"]?.text, isAccountID(subject) else {
      throw Problem(.tokenInvalid)
    }
    if claims["sts"]?.text == "pending" { throw Problem(.sessionPending) }
    return VerifiedToken(
      subject: subject,
      session: claims["sid"]?.text ?? "",
      expires: expires,
      isImpersonated: claims["act"].map { !$0.isNull } ?? false
    )
  }

  /// Whether a text is `user_` and 1–64 letters or digits.
  package static func isAccountID(_ text: String) -> Bool {
    guard text.hasPrefix("user_") else { return false }
    let rest = text.utf8.dropFirst(5)
    return (1...64).contains(rest.count)
      && rest.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
      }
  }
}
