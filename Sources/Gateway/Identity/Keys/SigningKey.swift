internal import Crypto
internal import CryptoExtras
internal import Foundation
internal import Gateway
internal import NIOCore

/// An RSA key that signs tokens.
struct SigningKey: Sendable {
  let kid: String
  /// Microseconds since 1970.
  let createdAt: Int64
  private let key: _RSA.Signing.PrivateKey
  let modulus: [UInt8]
  let exponent: [UInt8]

  /// Makes a key of 2048 bits; takes some time.
  init(createdAt: Int64) throws {
    try self.init(_RSA.Signing.PrivateKey(keySize: .bits2048), createdAt)
  }

  private init(_ key: _RSA.Signing.PrivateKey, _ createdAt: Int64) throws {
    self.key = key
    self.createdAt = createdAt
    let parts = try key.publicKey.getKeyPrimitives()
    modulus = Array(parts.modulus)
    exponent = Array(parts.publicExponent)
    kid = "ins_" + Base64Text.urlEncoded(SHA256.hash(data: parts.modulus).prefix(18))
  }

  /// Reads what `encoded` wrote; nil for anything else.
  init?(encoded bytes: [UInt8]) {
    guard let value = try? JSONReader.value(of: bytes), let pem = value["pem"]?.text,
      let createdAt = value["createdAt"]?.integer,
      let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem),
      let made = try? SigningKey(key, createdAt)
    else { return nil }
    self = made
  }

  /// The key as one JSON object.
  func encoded() -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.member("createdAt", createdAt)
      $0.member("pem", key.pkcs8PEMRepresentation)
    }
    return Array(writer.buffer.readableBytesView)
  }

  /// PKCS#1 v1.5 with SHA-256.
  func signature(over content: [UInt8]) throws -> [UInt8] {
    Array(try key.signature(for: content, padding: .insecurePKCS1v1_5).rawRepresentation)
  }

  var verificationKey: VerificationKey? {
    VerificationKey(modulus: modulus, exponent: exponent, use: "sig", algorithm: "RS256")
  }
}
