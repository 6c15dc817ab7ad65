internal import Crypto
internal import EventLogCore
internal import Gateway

/// What a log's content comes to: the SHA-256 of its stored events, one after another.
///
/// Equal for equal logs whatever their engines are and whatever form they travel in.
struct LogDigest {
  private var hash = SHA256()

  mutating func add(_ event: RecordedEvent) {
    event.withEnvelope { hash.update(bufferPointer: $0) }
  }

  /// `sha256:` and 64 hex digits, of the events so far.
  var text: String { "sha256:" + Identifier.hex(hash.finalize()) }
}
