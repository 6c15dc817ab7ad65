internal import EventLogCore

/// The streams that lost events, so that reads of the whole log skip those at once (law L51).
///
/// Kept in memory: about 200 bytes for each stream that was ever truncated or tombstoned.
struct RemovedStreams: Sendable {
  private var entries: [TextHash: [(name: NameKey, head: StreamHead)]] = [:]

  var isEmpty: Bool { entries.isEmpty }
  private(set) var count = 0

  mutating func set(_ head: StreamHead, of name: NameKey) {
    var list = entries[name.hash] ?? []
    if let index = list.firstIndex(where: { $0.name == name }) {
      list[index].head = head
    } else {
      list.append((name, head))
      count += 1
    }
    entries[name.hash] = list
  }

  /// Whether readers see the event no more.
  func contain(_ event: RawEnvelope) -> Bool {
    guard !entries.isEmpty, event.hasStream, !event.isControl else { return false }
    let stream = event.stream
    guard let list = entries[TextHash(stream, seed: TextHash.Kind.name.rawValue)] else {
      return false
    }
    return list.contains { name, head in
      name.text.withBytes { stream.hasSameBytes(as: $0) }
        && (head.isTombstoned || event.revision < head.first)
    }
  }
}
