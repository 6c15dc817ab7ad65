/// An event of a prepared request: its envelope's place and what the appender asks of it.
package struct PreparedEvent: Sendable {
  /// Where the envelope lies in the request's bytes.
  package var start: Int
  package var count: Int
  package var id: EventID
  /// Whether the caller gave the id, so that it is looked up and recognised later.
  package let isGiven: Bool
  package let type: EventType
  package let tags: [Tag]
  package let typeHash: TextHash
  package let tagHashes: [TextHash]
  package let stream: NameKey?
  package let removal: Removal?
  /// Assigned by the planner.
  package var revision: UInt64?
}

/// A condition with the hashes of its texts.
package struct PreparedCondition: Sendable {
  package struct Item: Sendable {
    package let types: [(text: EventType, hash: TextHash)]
    package let tags: [(text: Tag, hash: TextHash)]
  }

  package let items: [Item]
  package let matchesEverything: Bool
  /// Exclusive.
  package let after: UInt64
}

/// A request that was validated, given ids and encoded on the caller's thread, so that the
/// appender only stamps and looks up.
package struct PreparedRequest: Sendable {
  package struct Part: Sendable {
    package let stream: NameKey?
    package let expected: ExpectedRevision
    package let events: Range<Int>
  }

  package let request: AppendRequest
  package let parts: [Part]
  package let condition: PreparedCondition?
  package let tracking: (source: NameKey, position: UInt64)?
  package var events: [PreparedEvent] = []
  /// All envelopes, one after the other.
  package var bytes: [UInt8] = []
  /// The events of an export to write at their own positions; such a request has no parts.
  package private(set) var restored: [RecordedEvent] = []

  /// Hashes texts; another one than the log's own is for tests of collisions.
  package typealias Hashing = @Sendable (String, TextHash.Kind) -> TextHash

  /// Prepares a validated request.
  package init(
    _ request: AppendRequest,
    makeID: () -> EventID = EventID.make,
    hashing: Hashing = { TextHash($0, as: $1) }
  ) {
    self.request = request
    condition = request.condition.map { PreparedCondition($0, hashing: hashing) }
    tracking = request.tracking.map { (NameKey($0.source), $0.position) }
    let total = request.eventCount
    events.reserveCapacity(total)
    bytes.reserveCapacity(request.eventBytes + total * (Envelope.smallest + 32))
    var parts: [Part] = []
    parts.reserveCapacity(request.parts.count)
    var seen: Set<EventID> = []
    for part in request.parts {
      let first = events.count
      let stream = part.stream.map { NameKey($0) }
      for event in part.events {
        var id = event.id
        var given: EventID?
        if request.ids == .free, let asked = event.id {
          // Ids that cannot name an event here are kept beside the one the log chooses.
          if asked == .none || !seen.insert(asked).inserted {
            given = asked
            id = nil
          }
        }
        let start = bytes.count
        let chosen = id ?? makeID()
        Envelope.encode(
          event,
          id: chosen,
          givenID: given,
          stream: part.stream,
          tracking: request.tracking,
          into: &bytes
        )
        events.append(
          PreparedEvent(
            start: start,
            count: bytes.count - start,
            id: chosen,
            isGiven: id != nil,
            type: event.type,
            tags: event.tags,
            typeHash: hashing(event.type.text, .type),
            tagHashes: event.tags.isEmpty ? [] : event.tags.map { hashing($0.text, .tag) },
            stream: stream,
            removal: request.isReserved
              ? stream.flatMap { stream in
                event.data.withUnsafeBytes {
                  Removal(stream: stream.text, type: event.type.text, data: $0)
                }
              } : nil
          )
        )
      }
      parts.append(
        Part(stream: stream, expected: part.expected, events: first..<events.count)
      )
    }
    self.parts = parts
  }

  /// Prepares events of an export, which keep positions, ids and times.
  package init(restoring restored: [RecordedEvent]) {
    request = AppendRequest([])
    parts = []
    condition = nil
    tracking = nil
    self.restored = restored
    events.reserveCapacity(restored.count)
    for event in restored {
      let start = bytes.count
      event.withEnvelope { bytes.append(contentsOf: $0) }
      let type = event.type
      let tags = event.tags
      let stream = event.stream.map { NameKey($0) }
      events.append(
        PreparedEvent(
          start: start,
          count: bytes.count - start,
          id: event.id,
          isGiven: true,
          type: type,
          tags: tags,
          typeHash: TextHash(type.text, as: .type),
          tagHashes: tags.map { TextHash($0.text, as: .tag) },
          stream: stream,
          removal: stream.flatMap { stream in
            event.withData { Removal(stream: stream.text, type: type.text, data: $0) }
          },
          revision: event.revision?.number
        )
      )
    }
  }

  package var isRestore: Bool { !restored.isEmpty }

  /// Gives event `index` another id and keeps the caller's beside it (`IDPolicy.free`).
  package mutating func replaceID(at index: Int, with id: EventID) {
    var place = index
    for (part, prepared) in zip(request.parts, parts) {
      if place >= part.events.count {
        place -= part.events.count
        continue
      }
      var envelope: [UInt8] = []
      Envelope.encode(
        part.events[place],
        id: id,
        givenID: events[index].id,
        stream: prepared.stream?.name,
        tracking: request.tracking,
        into: &envelope
      )
      // The new form goes to the end; events name their own bytes.
      events[index].start = bytes.count
      events[index].count = envelope.count
      events[index].id = id
      bytes.append(contentsOf: envelope)
      return
    }
  }
}

extension PreparedCondition {
  package init(_ condition: AppendCondition, hashing: PreparedRequest.Hashing) {
    items = condition.failIfMatches.items.map { item in
      Item(
        types: item.types.map { ($0, hashing($0.text, .type)) },
        tags: item.tags.map { ($0, hashing($0.text, .tag)) }
      )
    }
    matchesEverything = condition.failIfMatches.matchesEverything
    after = condition.after?.number ?? 0
  }
}
