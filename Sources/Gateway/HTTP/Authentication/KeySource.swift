internal import CryptoExtras
internal import Foundation

/// Where the keys that verify tokens come from.
///
/// - Shape: a key is found by issuer and key id together, since two issuers may use one id.
/// - Errors: `KeySourceFailure` if the source cannot be asked and knows no answer; nil if it can
///   and has no such key.
public protocol KeySource: Sendable {
  /// Whether tokens of this issuer are accepted; asked before any key is looked for.
  func accepts(issuer: String) -> Bool
  /// The key, or nil.
  func key(issuer: String, kid: String) async throws(KeySourceFailure) -> VerificationKey?
  /// Whether a key set is at hand, for readiness.
  var isReady: Bool { get }
}

/// The keys cannot be had at the moment.
public struct KeySourceFailure: Error, Sendable {
  /// Makes one.
  public init() {}
}

/// A public RSA key that may verify tokens.
public struct VerificationKey: Sendable {
  private let key: _RSA.Signing.PublicKey

  /// Takes a key of a key set; nil if it is too weak or meant for something else.
  ///
  /// - Parameters:
  ///   - modulus: big-endian, 2048 bits or more.
  ///   - exponent: big-endian, odd, 65537 or more.
  ///   - use: absent or `sig`.
  ///   - algorithm: absent or `RS256`.
  ///   - operations: absent or with `verify` in it.
  public init?(
    modulus: [UInt8],
    exponent: [UInt8],
    use: String? = nil,
    algorithm: String? = nil,
    operations: [String]? = nil
  ) {
    guard use == nil || use == "sig", algorithm == nil || algorithm == "RS256",
      operations?.contains("verify") ?? true,
      (1...8).contains(exponent.count), let last = exponent.last, last & 1 == 1,
      exponent.reduce(UInt64(0), { $0 << 8 | UInt64($1) }) >= 65_537,
      let key = try? _RSA.Signing.PublicKey(n: Data(modulus), e: Data(exponent)),
      key.keySizeInBits >= 2048
    else { return nil }
    self.key = key
  }

  /// Whether `signature` is PKCS#1 v1.5 with SHA-256 over `content`.
  func verifies(_ signature: [UInt8], over content: [UInt8]) -> Bool {
    key.isValidSignature(
      _RSA.Signing.RSASignature(rawRepresentation: signature),
      for: content,
      padding: .insecurePKCS1v1_5
    )
  }
}

/// No issuer and no key: only the operator token gets in.
public struct NoKeys: KeySource {
  /// Makes one.
  public init() {}
  /// Never.
  public func accepts(issuer: String) -> Bool { false }
  /// None.
  public func key(issuer: String, kid: String) async throws(KeySourceFailure) -> VerificationKey? {
    nil
  }
  /// Always: there is nothing to wait for.
  public var isReady: Bool { true }
}
