internal import Crypto
internal import HTTPTypes
internal import Synchronization

/// Finds out who makes a request.
///
/// A token that is present and bad is refused even where none is needed.
final class Authenticator: Sendable {
  private static let verdicts = 100_000
  private let verifier: TokenVerifier
  private let accounts: Accounts
  private let operatorDigest: [UInt8]?
  private let origins: @Sendable (String) -> Bool
  private let clock: @Sendable () -> Int64
  private let known: Mutex<GenerationCache<SHA256Digest, VerifiedToken>>

  init(
    verifier: TokenVerifier,
    accounts: Accounts,
    operatorToken: String?,
    origins: @escaping @Sendable (String) -> Bool,
    clock: @escaping @Sendable () -> Int64
  ) {
    self.verifier = verifier
    self.accounts = accounts
    self.origins = origins
    self.clock = clock
    operatorDigest = operatorToken.flatMap { token in
      token.isEmpty ? nil : Array(SHA256.hash(data: Array(token.utf8)))
    }
    known = Mutex(GenerationCache(capacity: Self.verdicts))
  }

  /// The principal, or nil if the request names none.
  ///
  /// - isRecorded: whether the request leaves a record, whatever its method: a cookie alone, which comes
  ///   along with any link, asks for none.
  func principal(
    of head: HTTPRequest,
    isRecorded: Bool
  ) async throws(Problem) -> Principal? {
    let fields = head.headerFields
    let token: String
    switch fields[values: .authorization].count {
    case 0:
      guard let cookie = Self.sessionCookie(fields[values: .cookie]) else { return nil }
      if isRecorded || (head.method != .get && head.method != .head) {
        guard let origin = fields[.origin], origins(origin) else { throw Problem(.csrf) }
      }
      token = cookie
    case 1:
      let words = (fields[.authorization] ?? "").split(separator: " ", maxSplits: 1)
      guard words.count == 2, words[0].lowercased() == "bearer" else {
        throw Problem(.tokenInvalid, "Authorization must be Bearer and one token.")
      }
      token = String(String(words[1]).trimmed)
    default:
      throw Problem(.malformedRequest, "Authorization came twice.", pointer: "Authorization")
    }
    let digest = SHA256.hash(data: Array(token.utf8))
    if let operatorDigest, ConstantTime.equal(Array(digest), operatorDigest) { return .operator }
    let verified = try await verdict(token, digest)
    let standing = try await accounts.standing(of: verified.subject)
    guard !standing.isDeleted else { throw Problem(.accountDeleted) }
    return Principal(
      subject: verified.subject,
      session: verified.session,
      roles: standing.roles,
      isSuspended: standing.isSuspended,
      isImpersonated: verified.isImpersonated
    )
  }

  private func verdict(_ token: String, _ digest: SHA256Digest) async throws(Problem)
    -> VerifiedToken
  {
    if let verified = known.withLock({ $0[digest] }) {
      guard Double(clock()) / 1_000_000 < verified.expires else {
        known.withLock { $0[digest] = nil }
        throw Problem(.tokenExpired)
      }
      return verified
    }
    let verified = try await verifier.verify(token)
    known.withLock { $0[digest] = verified }
    return verified
  }

  /// The cookie `__session`, or one of several instances' `__session_…`.
  static func sessionCookie(_ values: [String]) -> String? {
    for value in values {
      for pair in value.split(separator: ";") {
        let parts = pair.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { continue }
        let name = String(parts[0]).trimmed
        guard name == "__session" || name.hasPrefix("__session_") else { continue }
        return String(String(parts[1]).trimmed)
      }
    }
    return nil
  }
}
