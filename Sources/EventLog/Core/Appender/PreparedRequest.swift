/// An event of a prepared request: its envelope's place and what the appender asks of it.
///
/// Numbers alone, so that an event costs no count of references: texts are in the envelope, names
/// and hashes of tags in tables of the request.
package struct PreparedEvent: Sendable {
  /// Where the envelope lies in the request's bytes.
  package var start: Int
  package var count: Int
  /// The caller's; `none` until the planner has given the event one of the log's.
  package var id: EventID
  /// Whether the caller gave the id, so that it is looked up and recognised later.
  package fileprivate(set) var isGiven: Bool
  package let typeHash: TextHash
  /// The places of its tags' hashes in the request's `tagHashes`.
  package let tags: Range<Int32>
  /// The place of its stream in the request's `streams`; -1 without one.
  fileprivate let stream: Int32
  /// Assigned by the planner; 0 without a stream.
  package var revision: UInt64 = 0

  package var hasStream: Bool { stream >= 0 }
}

/// A request that was validated and encoded on the caller's thread, so that the
/// appender only stamps and looks up.
///
/// One object that is handed on, never copied: envelopes are stamped where they lie.
/// `@unchecked Sendable`: its maker writes it, then the appender's thread, then nobody; it goes from
/// hand to hand through the pipeline's lock.
package final class PreparedRequest: @unchecked Sendable {
  package struct Part: Sendable {
    package let stream: NameKey?
    package let expected: ExpectedRevision
    package let events: Range<Int>
  }

  /// What was asked; nothing once it is planned, or the committer would have to free it.
  package private(set) var request: AppendRequest
  package let parts: [Part]
  /// Its condition; none once it is planned, or whoever keeps its events would keep that as well.
  package private(set) var condition: PreparedCondition?
  package let tracking: (source: NameKey, position: UInt64)?
  package var events: [PreparedEvent]
  /// All envelopes, one after the other.
  package var bytes: [UInt8]
  /// The hashes of the tags of all events, in order.
  package let tagHashes: [TextHash]
  /// The streams that events name.
  package let streams: [NameKey]
  /// What events of control streams do, by the event's place.
  package let removals: [(event: Int, removal: Removal)]
  /// Whether it writes events of an export.
  package let isRestore: Bool
  /// The events of an export to write at their own positions; such a request has no parts.
  package private(set) var restored: [RecordedEvent]

  /// Hashes texts; another one than the log's own is for tests of collisions.
  package typealias Hashing = @Sendable (String, TextHash.Kind) -> TextHash

  /// Prepares a validated request.
  package init(
    _ request: AppendRequest,
    hashing: Hashing = { TextHash($0, as: $1) }
  ) {
    self.request = request
    condition = request.condition.map { PreparedCondition($0, hashing: hashing) }
    tracking = request.tracking.map { (NameKey($0.source), $0.position) }
    restored = []
    isRestore = false
    let names = request.parts.map { part in part.stream.map { StoredName($0) } }
    let isFree = request.ids == .free
    var total = 0
    var tagCount = 0
    var capacity = 0
    for (part, name) in zip(request.parts, names) {
      total += part.events.count
      for event in part.events {
        tagCount += event.tags.count
        capacity += Envelope.length(
          of: event,
          hasGivenID: isFree,
          stream: name,
          tracking: request.tracking
        )
      }
    }
    var events: [PreparedEvent] = []
    events.reserveCapacity(total)
    var tagHashes: [TextHash] = []
    tagHashes.reserveCapacity(tagCount)
    var parts: [Part] = []
    parts.reserveCapacity(request.parts.count)
    var streams: [NameKey] = []
    var removals: [(event: Int, removal: Removal)] = []
    var seen: Set<EventID> = []
    bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, end in
      guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
      for (part, name) in zip(request.parts, names) {
        let first = events.count
        let stream = part.stream.map { NameKey($0) }
        if let stream { streams.append(stream) }
        for event in part.events {
          var id = event.id
          var given: EventID?
          if isFree, let asked = event.id {
            // Ids that cannot name an event here are kept beside the one the log chooses.
            if asked == .none || !seen.insert(asked).inserted {
              given = asked
              id = nil
            }
          }
          let count = Envelope.write(
            event,
            id: id ?? .none,
            givenID: given,
            stream: name,
            tracking: request.tracking,
            to: base + end
          )
          if request.isReserved, let stream {
            let removal = event.data.withUnsafeBytes {
              Removal(stream: stream.text, type: event.type.text, data: $0)
            }
            if let removal { removals.append((events.count, removal)) }
          }
          let firstTag = Int32(tagHashes.count)
          for tag in event.tags { tagHashes.append(hashing(tag.text, .tag)) }
          events.append(
            PreparedEvent(
              start: end,
              count: count,
              id: id ?? .none,
              isGiven: id != nil,
              typeHash: hashing(event.type.text, .type),
              tags: firstTag..<Int32(tagHashes.count),
              stream: stream == nil ? -1 : Int32(streams.count - 1)
            )
          )
          end += count
        }
        parts.append(
          Part(stream: stream, expected: part.expected, events: first..<events.count)
        )
      }
    }
    self.events = events
    self.tagHashes = tagHashes
    self.parts = parts
    self.streams = streams
    self.removals = removals
  }

  /// Prepares events of an export, which keep positions, ids and times.
  package init(restoring restored: [RecordedEvent]) {
    request = AppendRequest([])
    parts = []
    condition = nil
    tracking = nil
    self.restored = restored
    isRestore = true
    var events: [PreparedEvent] = []
    events.reserveCapacity(restored.count)
    var bytes: [UInt8] = []
    var tagHashes: [TextHash] = []
    var streams: [NameKey] = []
    var removals: [(event: Int, removal: Removal)] = []
    for event in restored {
      let start = bytes.count
      event.withEnvelope { bytes.append(contentsOf: $0) }
      let type = event.type
      let firstTag = Int32(tagHashes.count)
      for tag in event.tags { tagHashes.append(TextHash(tag.text, as: .tag)) }
      let stream = event.stream.map { NameKey($0) }
      if let stream {
        if streams.last != stream { streams.append(stream) }
        let removal = event.withData { Removal(stream: stream.text, type: type.text, data: $0) }
        if let removal { removals.append((events.count, removal)) }
      }
      events.append(
        PreparedEvent(
          start: start,
          count: bytes.count - start,
          id: event.id,
          isGiven: true,
          typeHash: TextHash(type.text, as: .type),
          tags: firstTag..<Int32(tagHashes.count),
          stream: stream == nil ? -1 : Int32(streams.count - 1),
          revision: event.revision?.number ?? 0
        )
      )
    }
    self.events = events
    self.bytes = bytes
    self.tagHashes = tagHashes
    self.streams = streams
    self.removals = removals
  }

  /// Bytes that the request holds while it waits, about: what the queue is bounded by.
  package var cost: Int { bytes.count + (condition?.cost ?? 0) }

  /// What its condition costs, if that is a large one; 0 otherwise.
  package var largeCost: Int {
    guard let condition, condition.isLarge else { return 0 }
    return condition.cost
  }

  /// The stream of one of the request's events.
  package func stream(of event: PreparedEvent) -> NameKey? {
    event.stream < 0 ? nil : streams[Int(event.stream)]
  }

  /// Lends events and envelopes to be changed, at the price of one access for all of them.
  package func change(_ body: (inout [PreparedEvent], inout [UInt8]) -> Void) {
    body(&events, &bytes)
  }

  /// Lets go of what nobody needs behind the planner.
  package func settle() {
    request = AppendRequest([])
    condition = nil
    restored = []
  }

  /// Lends the envelope of one of the request's events.
  package func withEnvelope<R>(
    of event: PreparedEvent,
    _ body: (UnsafeRawBufferPointer) -> R
  ) -> R {
    bytes.withUnsafeBytes { bytes in
      body(UnsafeRawBufferPointer(rebasing: bytes[event.start..<(event.start + event.count)]))
    }
  }

  /// Leaves the id of event `index` to the log and keeps the caller's beside it (`IDPolicy.free`).
  package func replaceID(at index: Int) {
    var place = index
    for (part, prepared) in zip(request.parts, parts) {
      if place >= part.events.count {
        place -= part.events.count
        continue
      }
      var envelope: [UInt8] = []
      Envelope.encode(
        part.events[place],
        id: .none,
        givenID: part.events[place].id,
        stream: prepared.stream?.name,
        tracking: request.tracking,
        into: &envelope
      )
      // The new form goes to the end; events name their own bytes.
      events[index].start = bytes.count
      events[index].count = envelope.count
      events[index].id = .none
      events[index].isGiven = false
      bytes.append(contentsOf: envelope)
      return
    }
  }
}
