internal import Crypto
internal import CryptoExtras
internal import Foundation
internal import Gateway
internal import Testing

/// Makes tokens of every kind, good and bad.
private struct Forge: KeySource {
  static let issuer = "https://issuer.example"
  static let now: Int64 = 1_700_000_000
  let key: _RSA.Signing.PrivateKey
  let isReady = true

  init() throws { key = try _RSA.Signing.PrivateKey(keySize: .bits2048) }

  func accepts(issuer: String) -> Bool { issuer == Self.issuer }
  func key(issuer: String, kid: String) async throws(KeySourceFailure) -> VerificationKey? {
    guard kid == "k1", let parts = try? key.publicKey.getKeyPrimitives() else {
      if kid == "down" { throw KeySourceFailure() }
      return nil
    }
    return VerificationKey(
      modulus: Array(parts.modulus),
      exponent: Array(parts.publicExponent)
    )
  }

  func sign(_ header: String, _ claims: String) throws -> String {
    let content =
      Base64Text.urlEncoded(Array(header.utf8)) + "." + Base64Text.urlEncoded(Array(claims.utf8))
    let signature = try key.signature(for: Array(content.utf8), padding: .insecurePKCS1v1_5)
    return content + "." + Base64Text.urlEncoded(signature.rawRepresentation)
  }

  func verify(_ token: String, audience: String? = nil) async -> String {
    let verifier = TokenVerifier(
      keys: self,
      parties: { $0 == "https://app.example" },
      allowsMissingParty: false,
      audience: audience,
      clock: { Self.now * 1_000_000 }
    )
    do {
      return try await verifier.verify(token).subject
    } catch {
      return error.kind.slug
    }
  }
}

@Suite struct TokenVerifierTests {
  private let header = #"{"alg":"RS256","typ":"JWT","kid":"k1","oiat":1}"#

  private func claims(_ changes: [String: String?] = [:]) -> String {
    var all: [String: String?] = [
      "iss": "\"\(Forge.issuer)\"", "sub": "\"user_ada\"", "azp": "\"https://app.example\"",
      "exp": "\(Forge.now + 60)", "nbf": "\(Forge.now)", "iat": "\(Forge.now)",
    ]
    for (name, value) in changes { all[name] = value }
    let pairs = all.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
    return "{" + pairs.joined(separator: ",") + "}"
  }

  @Test func aSoundTokenIsAccepted() async throws {
    let forge = try Forge()
    #expect(await forge.verify(try forge.sign(header, claims())) == "user_ada")
  }

  @Test func claimsAreJudgedOneByOne() async throws {
    let forge = try Forge()
    let now = Forge.now
    let cases: [([String: String?], String)] = [
      (["iss": "\"https://evil.example\""], "token-invalid-issuer"),
      (["iss": nil], "token-invalid-issuer"),
      (["exp": nil], "token-invalid"), (["exp": "\"9999999999\""], "token-invalid"),
      (["exp": "\(now - 5)"], "token-expired"), (["exp": "\(now - 4)"], "user_ada"),
      (["nbf": "\(now + 6)"], "token-not-active-yet"), (["nbf": "\(now + 5)"], "user_ada"),
      (["iat": "\(now + 6)"], "token-iat-in-the-future"),
      (["azp": nil], "token-invalid-authorized-parties"),
      (["azp": "\"https://evil.example\""], "token-invalid-authorized-parties"),
      (["sub": "\"admin\""], "token-invalid"), (["sub": nil], "token-invalid"),
      (["sts": "\"pending\""], "session-pending"),
      (["sub": "\"user_ada\",\"sub\":\"user_eve\""], "token-invalid"),
    ]
    for (changes, expected) in cases {
      #expect(await forge.verify(try forge.sign(header, claims(changes))) == expected)
    }
    let token = try forge.sign(header, claims(["aud": "[\"a\",\"b\"]"]))
    #expect(await forge.verify(token, audience: "b") == "user_ada")
    #expect(await forge.verify(token, audience: "c") == "token-invalid-audience")
  }

  @Test func headersAreJudgedBeforeKeys() async throws {
    let forge = try Forge()
    let cases = [
      (#"{"alg":"none","kid":"k1"}"#, "token-invalid"),
      (#"{"alg":"RS512","kid":"k1"}"#, "token-invalid"),
      (#"{"alg":"rs256","kid":"k1"}"#, "token-invalid"),
      (#"{"alg":"RS256"}"#, "token-invalid"),
      (#"{"alg":"RS256","kid":"k1","crit":[]}"#, "token-invalid"),
      (#"{"alg":"RS256","kid":"k1","typ":"at+jwt"}"#, "token-invalid"),
      (#"{"alg":"RS256","kid":"k1","kid":"k2"}"#, "token-invalid"),
      (#"{"alg":"RS256","kid":"other"}"#, "jwk-kid-mismatch"),
      (#"{"alg":"RS256","kid":"down"}"#, "jwk-failed-to-load"),
      (#"{"alg":"RS256","kid":"k1","jku":"https://evil.example"}"#, "user_ada"),
    ]
    for (header, expected) in cases {
      #expect(await forge.verify(try forge.sign(header, claims())) == expected)
    }
  }

  @Test func signaturesAreOfTheIssuersKeyOnly() async throws {
    let forge = try Forge()
    let stranger = try Forge()
    #expect(await forge.verify(try stranger.sign(header, claims())) == "token-invalid-signature")
    // HS256 with the public key as secret, the classic confusion.
    let content =
      Base64Text.urlEncoded(Array(#"{"alg":"HS256","kid":"k1"}"#.utf8)) + "."
      + Base64Text.urlEncoded(Array(claims().utf8))
    let secret = SymmetricKey(data: Data(forge.key.publicKey.pemRepresentation.utf8))
    let code = HMAC<SHA256>.authenticationCode(for: Data(content.utf8), using: secret)
    #expect(await forge.verify(content + "." + Base64Text.urlEncoded(code)) == "token-invalid")
    let good = try forge.sign(header, claims())
    let parts = good.split(separator: ".").map(String.init)
    let other = Base64Text.urlEncoded(Array(claims(["sub": "\"user_eve\""]).utf8))
    #expect(
      await forge.verify(parts[0] + "." + other + "." + parts[2]) == "token-invalid-signature"
    )
    for bad in ["", "a.b", good + ".", good + "=", parts[0] + "." + parts[1] + ".", "x" + good] {
      #expect(await forge.verify(bad) == "token-invalid")
    }
    #expect(await forge.verify("ak_" + good) == "invalid-token-type")
    #expect(
      await forge.verify(String(repeating: "a", count: GatewayLimits.token + 1)) == "token-invalid"
    )
  }

  @Test func weakKeysAreNoKeys() throws {
    let forge = try Forge()
    let parts = try forge.key.publicKey.getKeyPrimitives()
    let n = Array(parts.modulus)
    #expect(VerificationKey(modulus: n, exponent: [1, 0, 1]) != nil)
    #expect(VerificationKey(modulus: n, exponent: [3]) == nil)
    #expect(VerificationKey(modulus: n, exponent: [1, 0, 2]) == nil)
    #expect(VerificationKey(modulus: Array(n.prefix(128)), exponent: [1, 0, 1]) == nil)
    #expect(VerificationKey(modulus: n, exponent: [1, 0, 1], use: "enc") == nil)
    #expect(VerificationKey(modulus: n, exponent: [1, 0, 1], algorithm: "RS512") == nil)
    #expect(VerificationKey(modulus: n, exponent: [1, 0, 1], operations: ["sign"]) == nil)
  }
}
