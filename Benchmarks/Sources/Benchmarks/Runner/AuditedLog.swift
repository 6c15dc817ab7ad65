import EventLogCore
import EventLogRocksDB

/// A log whose events differ in what an audit asks for: frequent and rare actors, kinds of entity,
/// types and tags, requests of a few events each, and chains of causes.
enum AuditedLog {
  /// Streams of each kind and how many of ten events go to them.
  private static let kinds: [(name: String, share: UInt64)] = [
    ("post", 6), ("comment", 3), ("user", 1),
  ]
  /// Every so many events one is of the rare actor, type and tag each.
  private static let rare = 20_000

  /// Appends so many events in large requests.
  static func fill(_ log: RocksDBEventLog, events: Int) async throws {
    var random = Weyl(11)
    var made = 0
    while made < events {
      var parts: [StreamAppend] = []
      while parts.count < 250, made < events {
        let count = min(Int(1 + random.next() % 7), events - made)
        parts.append(request(count, from: made, of: events, &random))
        made += count
      }
      // A stream stands once in a request.
      var seen: Set<StreamName> = []
      parts.removeAll { part in part.stream.map { !seen.insert($0).inserted } ?? false }
      _ = try await log.append(AppendRequest(parts))
    }
  }

  /// The events of one outside request: each is brought about by the one before.
  private static func request(
    _ count: Int,
    from first: Int,
    of total: Int,
    _ random: inout Weyl
  ) -> StreamAppend {
    var place = random.next() % 10
    let kind =
      kinds.first { kind in
        defer { place = place < kind.share ? 0 : place - kind.share }
        return place < kind.share
      }?.name ?? "post"
    let stream = StreamName("\(kind)-\(random.next() % UInt64(max(total / 16, 1)))")
    // Half of all is done by ten actors, the rest by many.
    let actor =
      random.next() % 2 == 0
      ? "user_bulk\(random.next() % 10)" : "user_\(random.next() % UInt64(max(total / 100, 1)))"
    let correlation = "request-\(random.next())"
    var cause = "command-\(random.next())"
    var events: [NewEvent] = []
    for number in first..<(first + count) {
      let id = EventID(high: random.next(), low: random.next() | 1)
      let isRare = number % rare == rare / 2
      var event = NewEvent(
        id: id,
        type: isRare ? "PostDeleted" : ["PostEdited", "PostPublished"][number % 10 == 0 ? 1 : 0],
        data: edited("title \(number)"),
        tags: [Tag("topic:\(random.next() % 50)")]
      )
      if isRare { event.tags.append("rare") }
      event.metadata[Metadata.Keys.actor] = number % rare == rare / 4 ? "user_rare" : actor
      event.metadata[Metadata.Keys.correlationID] = correlation
      event.metadata[Metadata.Keys.causationID] = cause
      cause = id.description
      events.append(event)
    }
    return StreamAppend(to: stream, events)
  }

  /// A payload that the schemas know: field 1, a text, then 160 bytes of body in field 3.
  private static func edited(_ title: String) -> [UInt8] {
    let body = Array(repeating: UInt8(ascii: "w"), count: 160)
    return [0x0A, UInt8(title.utf8.count)] + Array(title.utf8) + [0x1A, 0xA0, 0x01] + body
  }
}
