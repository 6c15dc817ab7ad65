internal import EventLogCore

/// What the events of a log come to, for comparison with the families that follow from them.
struct EventTotals {
  /// What was removed from a stream, and where.
  struct Truncation {
    let before: UInt64
    let position: UInt64
  }

  private(set) var events: UInt64 = 0
  /// Events whose id does not name their position.
  private(set) var indexedIDs: UInt64 = 0
  private(set) var streamEvents: UInt64 = 0
  /// Tags of all events, those of one event counted once.
  private(set) var tags: UInt64 = 0
  /// The last mark of each source.
  private(set) var marks: [NameKey: UInt64] = [:]
  private(set) var truncations: [NameKey: [Truncation]] = [:]
  private(set) var tombstones: Set<NameKey> = []
  private var time = Int64.min

  /// Takes a sound event in, or says what is wrong with its place among the others.
  mutating func note(_ bytes: UnsafeRawBufferPointer, at position: UInt64) -> String? {
    let raw = RawEnvelope(bytes: bytes)
    let recorded = bytes.littleEndian(Int64.self, at: Envelope.Offset.recordedAt)
    guard recorded >= time else {
      return "the time of the event lies before that of its predecessor"
    }
    time = recorded
    events += 1
    if !Envelope.id(of: bytes).names(position) { indexedIDs += 1 }
    if raw.hasStream { streamEvents += 1 }
    tags += Self.distinctTags(of: raw)
    let hasTracking = bytes[Envelope.Offset.flags] & Envelope.Flag.tracking != 0
    guard hasTracking || raw.isControl else { return nil }
    let event = RecordedEvent(checked: Array(bytes), start: 0, count: bytes.count)
    if let tracking = event.tracking { marks[NameKey(tracking.source)] = tracking.position }
    if let stream = event.stream {
      let removal = event.withData {
        Removal(stream: stream.text, type: event.type.text, data: $0)
      }
      switch removal {
      case .truncate(let stream, let before):
        truncations[stream, default: []].append(Truncation(before: before, position: position))
      case .tombstone(let stream): tombstones.insert(stream)
      case nil: break
      }
    }
    return nil
  }

  private static func distinctTags(of raw: RawEnvelope) -> UInt64 {
    let count = raw.bytes[Envelope.Offset.tagCount]
    guard count > 1 else { return UInt64(count) }
    var hashes: Set<TextHash> = []
    raw.forEachTag { hashes.insert(TextHash($0, seed: TextHash.Kind.tag.rawValue)) }
    return UInt64(hashes.count)
  }
}
