internal import Crypto
internal import EventLogCore

/// What a log's content comes to: the SHA-256 of its stored events, one after another.
///
/// Equal for equal logs whatever their engines are and whatever form they travel in.
struct LogDigest {
  private static let digits = Array("0123456789abcdef".utf8)
  private var hash = SHA256()

  mutating func add(_ event: RecordedEvent) {
    event.withEnvelope { hash.update(bufferPointer: $0) }
  }

  /// `sha256:` and 64 hex digits, of the events so far.
  var text: String { "sha256:" + Self.hex(hash.finalize()) }

  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
