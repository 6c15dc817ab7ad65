package import EventLogCore
package import MessagingCore
package import ProjectionsCore

/// Where in the log each actor, kind of entity, correlation and causation occurs.
///
/// Types, tags and streams are found by the log's own indexes, times by halving the log: what is
/// kept here is what nobody else knows, as positions alone.
package struct AuditProjection: Projection {
  package static let id = ProjectionID(service: "events", name: "audit", version: 1)
  package static let isOfWholeLog = true
  package static let categories: Set<MessagingCore.Category> = []
  package static let query = EventQuery.all
  package static let collections: [any AnyCollection] = [
    AuditIndex.actors, AuditIndex.entities, AuditIndex.correlations, AuditIndex.causes,
  ]

  package init() {}

  package func apply(_ event: RecordedEvent, to model: inout ReadModelTransaction) throws {
    let position = event.position.number
    if let stream = event.stream {
      let key = AuditIndex.key(EntityKind.of(stream)).with(position)
      try model.put(Posting(), at: key, in: AuditIndex.entities)
    }
    for entry in event.metadata.entries where !entry.value.isEmpty {
      let key = { AuditIndex.key(entry.value).with(position) }
      switch entry.key {
      case Metadata.Keys.actor:
        try model.put(Posting(), at: key(), in: AuditIndex.actors)
      case Metadata.Keys.correlationID:
        try model.put(Posting(), at: key(), in: AuditIndex.correlations)
      case Metadata.Keys.causationID:
        let cause = AuditIndex.key(CausationID.plain(entry.value)).with(position)
        try model.put(Posting(), at: cause, in: AuditIndex.causes)
      default: break
      }
    }
  }
}

/// That something occurs at a place; the key says what and where.
package struct Posting: Sendable {}

/// The collections of the audit's read model.
///
/// Key of each: 128-bit hash of the text ‖ position, both big-endian. Two texts may share a hash:
/// whoever finds a position looks at the event before it is told.
package enum AuditIndex {
  /// By who did it.
  package static let actors = postings("actors")
  /// By kind of entity.
  package static let entities = postings("entities")
  /// By outside request.
  package static let correlations = postings("correlations")
  /// By what brought the event about.
  package static let causes = postings("causes")

  /// The beginning of the keys of a text.
  package static func key(_ text: String) -> DocumentKey {
    let hash = TextHash(text, as: .name)
    return DocumentKey(EventID(high: hash.high, low: hash.low))
  }

  /// The position that a key ends with.
  static func position(of key: DocumentKey) -> GlobalPosition {
    var number: UInt64 = 0
    for byte in key.bytes.suffix(8) { number = number << 8 | UInt64(byte) }
    return GlobalPosition(number)
  }

  private static func postings(_ name: String) -> Collection<Posting> {
    Collection(name, encode: { _ in [] }, decode: { _ in Posting() })
  }
}

/// The kind of entity that a stream is of: its name up to the first hyphen.
enum EntityKind {
  static func of(_ stream: StreamName) -> String {
    let name = stream.text.utf8.prefix { $0 != UInt8(ascii: "-") }
    return String(decoding: name, as: UTF8.self)
  }
}

/// What an event names as its cause.
enum CausationID {
  /// One spelling for each: UUIDs in lower case, anything else as it is.
  static func plain(_ text: String) -> String { EventID(text)?.description ?? text }
}
