/// A stream name or tracking source as a key of dictionaries: equal when the bytes are.
///
/// Text compares equal across Unicode spellings; names of the log compare byte for byte. The
/// hash is taken once, on the caller's thread, so that the appender's lookups are cheap.
package struct NameKey: Hashable, Sendable {
  package let text: String
  package let hash: TextHash

  package init(_ text: String) {
    self.text = text
    hash = TextHash(text, as: .name)
  }

  package init(_ name: StreamName) { self.init(name.text) }

  package var name: StreamName { StreamName(text) }

  package static func == (left: NameKey, right: NameKey) -> Bool {
    left.hash == right.hash && left.text.hasSameBytes(as: right.text)
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(hash.low) }
}
