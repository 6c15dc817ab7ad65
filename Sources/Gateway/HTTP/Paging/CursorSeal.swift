internal import Crypto

/// Seals where a page ended into a cursor that only this installation makes, and only for the
/// same filters.
///
/// Format: base64url of one byte 1, eight bytes of the filters' digest, the service's bytes, and
/// the first sixteen bytes of an HMAC-SHA-256 over all before.
package struct CursorSeal: Sendable {
  private static let version: UInt8 = 1
  private static let digestCount = 8
  private static let codeCount = 16
  private let key: SymmetricKey

  /// Seals with `key`, of 32 bytes or more.
  package init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

  /// The cursor that stands for `place` under `filters`.
  package func cursor(_ place: some Sequence<UInt8>, filters: String) -> String {
    var bytes = [Self.version] + Self.digest(filters) + Array(place)
    bytes += HMAC<SHA256>.authenticationCode(for: bytes, using: key).prefix(Self.codeCount)
    return Base64Text.urlEncoded(bytes)
  }

  /// The service's bytes in a cursor; a changed or foreign one is `cursor-invalid`.
  package func place(_ cursor: String, filters: String) throws(Problem) -> [UInt8] {
    guard cursor.utf8.count <= GatewayLimits.cursor, let bytes = Base64Text.urlDecoded(cursor),
      bytes.count > 1 + Self.digestCount + Self.codeCount, bytes[0] == Self.version
    else { throw Problem(.cursorInvalid, "", pointer: "cursor") }
    let signed = bytes.dropLast(Self.codeCount)
    let code = HMAC<SHA256>.authenticationCode(for: Array(signed), using: key)
    guard
      ConstantTime.equal(Array(code.prefix(Self.codeCount)), Array(bytes.suffix(Self.codeCount))),
      signed.dropFirst().prefix(Self.digestCount).elementsEqual(Self.digest(filters))
    else { throw Problem(.cursorInvalid, "", pointer: "cursor") }
    return Array(signed.dropFirst(1 + Self.digestCount))
  }

  private static func digest(_ filters: String) -> [UInt8] {
    Array(SHA256.hash(data: Array(filters.utf8)).prefix(digestCount))
  }
}

/// Comparison whose time tells nothing about the contents.
package enum ConstantTime {
  /// Whether both hold the same bytes; only their counts may leak.
  package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(left, right) { difference |= one ^ other }
    return difference == 0
  }
}
