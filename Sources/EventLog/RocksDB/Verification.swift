internal import EventLogCore
internal import RocksDBDriver

/// Checks that the events are whole and contiguous, and that every index agrees with them.
struct Verification {
  /// Events checked before the indexes are asked for all of them at once.
  private static let chunk = 1024

  private let storage: RocksDBStorage
  private let head: UInt64

  init(_ storage: RocksDBStorage, head: UInt64) {
    self.storage = storage
    self.head = head
  }

  /// What one chunk of events says the indexes must hold.
  private struct Expected {
    var positions: [UInt64] = []
    var ids: [UInt8] = []
    var types: [UInt8] = []
    var tags: [UInt8] = []
    var tagPositions: [UInt64] = []
    var lastRevisions: [NameKey: UInt64] = [:]
    var sources: [String: UInt64] = [:]
    var streamKeys: [(key: [UInt8], position: UInt64)] = []
  }

  /// Checks everything from `first` to the head; `progress` gets positions as they are passed.
  ///
  /// - Throws: `.corrupt` at the first disagreement.
  func run(from first: UInt64, progress: (UInt64) -> Void) throws(EventLogError) {
    guard head > 0, first <= head else { return }
    let iterator = try storing { () throws(RocksDBError) in
      try storage.database.makeIterator(
        in: storage.families.events,
        from: Key.number(first),
        to: Key.number(head) + [0],
        fillsCache: false
      )
    }
    iterator.seekToFirst()
    var position = first
    var expected = Expected()
    while iterator.isValid {
      let damage = iterator.withKey { key in
        key.count == 8 && key.bigEndian(UInt64.self, at: 0) == position
          ? nil : "positions are not contiguous"
      }
      if let damage { throw .corrupt(damage, at: GlobalPosition(position)) }
      let problem = iterator.withValue { note($0, at: position, &expected) }
      if let problem { throw .corrupt(problem, at: GlobalPosition(position)) }
      if expected.positions.count == Self.chunk {
        try compare(expected)
        expected = Expected()
        progress(position)
      }
      iterator.next()
      position += 1
    }
    try storing { () throws(RocksDBError) in try iterator.check() }
    guard position == head + 1 else {
      throw .corrupt("there is no event", at: GlobalPosition(position))
    }
    try compare(expected)
    progress(head)
  }

  private func note(
    _ bytes: UnsafeRawBufferPointer,
    at position: UInt64,
    _ expected: inout Expected
  ) -> String? {
    if let damage = Envelope.damage(in: bytes) { return damage }
    let raw = RawEnvelope(bytes: bytes)
    guard raw.position == position else { return "another event is in its place" }
    expected.positions.append(position)
    expected.ids.append(contentsOf: bytes[Envelope.Offset.id..<(Envelope.Offset.id + 16)])
    expected.types.append(
      contentsOf: Key.posting(
        TextHash(raw.type, seed: TextHash.Kind.type.rawValue),
        position
      )
    )
    raw.forEachTag { tag in
      expected.tags.append(
        contentsOf: Key.posting(TextHash(tag, seed: TextHash.Kind.tag.rawValue), position)
      )
      expected.tagPositions.append(position)
    }
    if raw.hasStream {
      let stored = StreamName(String(decoding: raw.stream, as: UTF8.self))
      let name = NameKey(raw.isControl ? stored.control : stored)
      expected.lastRevisions[name] = raw.revision
      expected.streamKeys.append((Key.revision(raw.revision, of: name), position))
    }
    if bytes[Envelope.Offset.flags] & Envelope.Flag.tracking != 0 {
      let event = RecordedEvent(checked: Array(bytes), start: 0, count: bytes.count)
      if let tracking = event.tracking { expected.sources[tracking.source] = tracking.position }
    }
    return nil
  }

  private func compare(_ expected: Expected) throws(EventLogError) {
    try compare(expected.ids, 16, storage.families.ids, expected.positions, "ids", true)
    try compare(expected.types, 24, storage.families.types, expected.positions, "types", false)
    try compare(expected.tags, 24, storage.families.tags, expected.tagPositions, "tags", false)
    for (key, position) in expected.streamKeys {
      guard try storage.number(at: key, in: storage.families.streams) == position else {
        throw .corrupt("the index of streams disagrees", at: GlobalPosition(position))
      }
    }
    for (stream, revision) in expected.lastRevisions {
      guard let last = try storage.head(of: stream).last, last >= revision else {
        throw .corrupt("the head of stream '\(stream.text)' is behind its events", at: nil)
      }
    }
    for (source, position) in expected.sources {
      guard let stored = try storage.tracking(of: NameKey(source)), stored >= position else {
        throw .corrupt("the mark of source '\(source)' is behind its events", at: nil)
      }
    }
  }

  private func compare(
    _ keys: [UInt8],
    _ length: Int,
    _ family: Database.Family,
    _ positions: [UInt64],
    _ name: String,
    _ holdsPosition: Bool
  ) throws(EventLogError) {
    var wrong: UInt64?
    try storing { () throws(RocksDBError) in
      try storage.database.withValues(ofKeys: keys, each: length, in: family) { index, value in
        guard let value else {
          wrong = wrong ?? positions[index]
          return
        }
        guard holdsPosition else { return }
        if value.count != 8 || value.bigEndian(UInt64.self, at: 0) != positions[index] {
          wrong = wrong ?? positions[index]
        }
      }
    }
    if let wrong {
      throw .corrupt("the index of \(name) disagrees", at: GlobalPosition(wrong))
    }
  }
}
