internal import EventLogCore
internal import Testing

/// Random logs and queries over few types, tags and streams, so that they meet often.
enum RandomLog {
  static let types: [EventType] = ["A", "B", "C", "a", "caf\u{E9}", "cafe\u{301}"]
  static let tags: [Tag] = ["x", "y", "z", "xy", "X", "caf\u{E9}", "cafe\u{301}"]

  static func event(using random: inout SeededRandom) -> NewEvent {
    let tags = (0..<random.below(4)).map { _ in Self.tags[random.below(Self.tags.count)] }
    return NewEvent(
      id: EventID(at: Timestamp(microseconds: 1), using: &random),
      type: types[random.below(types.count)],
      schemaVersion: UInt32(random.below(3) + 1),
      contentType: random.flip() ? NewEvent.protobuf : "",
      data: (0..<random.below(40)).map { _ in UInt8(random.below(256)) },
      tags: tags,
      metadata: random.flip() ? ["actor": "u\(random.below(9))", "k": ""] : [:]
    )
  }

  static func query(using random: inout SeededRandom) -> EventQuery {
    EventQuery(
      (0..<random.below(4)).map { _ in
        EventQuery.Item(
          types: (0..<random.below(3)).map { _ in types[random.below(types.count)] },
          tags: (0..<random.below(3)).map { _ in tags[random.below(tags.count)] }
        )
      }
    )
  }

  /// A query of so many texts that it is large, of which a few are those of events.
  static func largeQuery(using random: inout SeededRandom) -> EventQuery {
    var items = query(using: &random).items.filter { !$0.types.isEmpty || !$0.tags.isEmpty }
    for number in 0..<60 {
      let type = types[random.below(types.count)]
      let tag = tags[random.below(tags.count)]
      // Types that no event has, of a tag that many bear; and a tag that none bears.
      items.append(EventQuery.Item(types: [EventType("N\(number)"), "N"], tags: [tag]))
      items.append(EventQuery.Item(types: [type], tags: [tag, Tag("n\(number % 9)")]))
    }
    return EventQuery(items.shuffled(using: &random))
  }

  /// Law L10, written down a second time.
  static func matches(_ event: RecordedEvent, _ query: EventQuery) -> Bool {
    let type = Array(event.type.text.utf8)
    let tags = event.tags.map { Array($0.text.utf8) }
    guard !query.items.isEmpty else { return true }
    for item in query.items {
      let types = item.types.map { Array($0.text.utf8) }
      let isType = types.isEmpty || types.contains(type)
      let isTagged = item.tags.allSatisfy { tags.contains(Array($0.text.utf8)) }
      if isType && isTagged { return true }
    }
    return false
  }

  /// Appends requests of random size and shape until the log holds `events` events more.
  static func fill(
    _ engine: any EventLogEngine,
    events total: Int,
    using random: inout SeededRandom,
    streams prefix: String = "s"
  ) async throws {
    var written = 0
    while written < total {
      let count = min(total - written, random.below(12) + 1)
      let events = (0..<count).map { _ in event(using: &random) }
      let cut = random.below(count + 1)
      let stream = StreamName("\(prefix)\(random.below(8))")
      var parts = [StreamAppend(to: random.flip(4) ? nil : stream, Array(events[..<cut]))]
      if cut < count {
        parts.append(
          StreamAppend(to: StreamName("\(prefix)t\(random.below(3))"), Array(events[cut...]))
        )
      }
      _ = try await engine.append(AppendRequest(parts))
      written += count
    }
  }

  /// Truncates and tombstones some streams of a filled log.
  static func removeSome(
    _ engine: any EventLogEngine,
    using random: inout SeededRandom,
    streams prefix: String = "s"
  ) async throws {
    for number in 0..<8 {
      let stream = StreamName("\(prefix)\(number)")
      guard case .written(_, let last)? = try await engine.state(of: stream) else { continue }
      switch random.below(4) {
      case 0: _ = try await engine.append(.tombstoning(stream))
      case 1, 2:
        let revision = StreamRevision(UInt64(random.below(Int(last.number) + 2)))
        _ = try await engine.append(.truncating(stream, before: revision))
      default: break
      }
    }
  }
}
