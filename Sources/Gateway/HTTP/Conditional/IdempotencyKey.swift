internal import Crypto

/// A client's promise that repeats of a request mean the same command.
///
/// The command id is derived of subject and key, and event ids of the command id, so the log itself
/// recognises the repeat: there is no second store and no window between effect and record.
package struct IdempotencyKey: Sendable, Hashable {
  /// The key's text, without its quotes.
  package let text: String

  /// Reads a header field: a quoted string of 1–255 printable ASCII characters.
  package init(_ field: String) throws(Problem) {
    let bytes = Array(field.trimmed.utf8)
    guard bytes.count >= 3, bytes.first == 0x22, bytes.last == 0x22 else {
      throw Problem(.idempotencyKeyMalformed, "", pointer: "Idempotency-Key")
    }
    var content: [UInt8] = []
    var isEscaped = false
    for byte in bytes.dropFirst().dropLast() {
      guard (0x20...0x7E).contains(byte), isEscaped || byte != 0x22 else {
        throw Problem(.idempotencyKeyMalformed, "", pointer: "Idempotency-Key")
      }
      if byte == 0x5C, !isEscaped {
        isEscaped = true
      } else {
        content.append(byte)
        isEscaped = false
      }
    }
    guard !isEscaped, content.count <= GatewayLimits.idempotencyKey else {
      throw Problem(.idempotencyKeyMalformed, "", pointer: "Idempotency-Key")
    }
    text = String(decoding: content, as: UTF8.self)
  }

  /// SHA-256 of subject and key.
  package func digest(subject: String) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: Array(subject.utf8))
    hash.update(data: [0])
    hash.update(data: Array(text.utf8))
    return Array(hash.finalize())
  }

  /// The 16 bytes that name the command.
  package func commandID(subject: String) -> [UInt8] { Array(digest(subject: subject).prefix(16)) }

  /// SHA-256 of method, target and body: what makes two requests the same.
  package static func fingerprint(method: String, target: String, body: some Sequence<UInt8>)
    -> [UInt8]
  {
    var hash = SHA256()
    hash.update(data: Array(method.utf8))
    hash.update(data: [0])
    hash.update(data: Array(target.utf8))
    hash.update(data: [0])
    hash.update(data: Array(SHA256.hash(data: Array(body))))
    return Array(hash.finalize())
  }
}
