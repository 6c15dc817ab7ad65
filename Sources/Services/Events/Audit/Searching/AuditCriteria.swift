internal import EventLogCore
internal import ProjectionsCore
internal import Schemas

/// Which events are meant: all that is given must hold.
struct AuditCriteria: Sendable {
  var actor: String?
  var stream: StreamName?
  var entity: String?
  var types: [EventType] = []
  var tags: [Tag] = []
  var correlationID: String?
  var causationID: String?
  /// Recorded at or after.
  var since: Timestamp?
  /// Recorded before.
  var until: Timestamp?

  init() {}

  /// Reads what was asked.
  ///
  /// - Throws: `.invalid` that names what is wrong.
  init(_ message: Wordweave_Events_V1_AuditCriteria) throws(EventLogError) {
    actor = try Self.text(message.actor, "actor")
    stream = try Self.text(message.stream, "stream").map { StreamName($0) }
    entity = try Self.text(message.entity, "entity")
    correlationID = try Self.text(message.correlationID, "correlation")
    causationID = try Self.text(message.causationID, "causation").map(CausationID.plain)
    for (what, names) in [("types", message.types), ("tags", message.tags)] {
      guard names.count <= AuditLimits.names else {
        throw .invalid("\(names.count) \(what) are asked for; at most \(AuditLimits.names)")
      }
      guard names.allSatisfy({ (1...EventLogLimits.nameBytes).contains($0.utf8.count) }) else {
        throw .invalid("\(what) have 1 to \(EventLogLimits.nameBytes) bytes each")
      }
    }
    types = message.types.map { EventType($0) }
    tags = message.tags.map { Tag($0) }
    if message.hasSince { since = Timestamp(microseconds: message.since) }
    if message.hasUntil { until = Timestamp(microseconds: message.until) }
    if let since, let until, until <= since {
      throw .invalid("the time range is empty: it ends at \(until), before it begins at \(since)")
    }
  }

  private static func text(_ text: String, _ name: String) throws(EventLogError) -> String? {
    guard text.utf8.count <= AuditLimits.textBytes else {
      throw .invalid("\(name) has \(text.utf8.count) bytes; at most \(AuditLimits.textBytes)")
    }
    return text.isEmpty ? nil : text
  }

  /// Whether an event is meant; times are kept by the range that is looked at.
  func matches(_ event: RecordedEvent) -> Bool {
    if namesWhat, !event.matches(query) { return false }
    if let stream, event.stream != stream { return false }
    if let entity {
      guard let name = event.stream, EntityKind.of(name).hasSameBytes(as: entity) else {
        return false
      }
      // The index alone would find it, and only until it is filled anew.
      if event.isRemoved, stream == nil, !namesWhat { return false }
    }
    if let actor, !event.hasMetadata(Metadata.Keys.actor, actor) { return false }
    if let correlationID, !event.hasMetadata(Metadata.Keys.correlationID, correlationID) {
      return false
    }
    guard let causationID else { return true }
    return event.metadata[Metadata.Keys.causationID].map(CausationID.plain) == causationID
  }

  /// Whether a removed event may be meant, of which the header alone is left: nothing in it says who
  /// did it, nor what it belongs to.
  var fitsHeaders: Bool { actor == nil && correlationID == nil && causationID == nil }

  /// Whether types or tags are asked for.
  var namesWhat: Bool { !types.isEmpty || !tags.isEmpty }

  /// What the log's own indexes can find.
  var query: EventQuery {
    namesWhat ? EventQuery([EventQuery.Item(types: types, tags: tags)]) : .all
  }

  /// The lists of positions that the audit's index has for this.
  var lists: [PostingList] {
    var lists: [PostingList] = []
    func add(_ collection: Collection<Posting>, _ text: String?) {
      guard let text else { return }
      lists.append(PostingList(collection: collection, key: AuditIndex.key(text)))
    }
    add(AuditIndex.correlations, correlationID)
    add(AuditIndex.causes, causationID)
    add(AuditIndex.actors, actor)
    // A stream is of one kind, and what types and tags find is looked at: an index that was filled after
    // a removal has not the headers.
    if stream == nil, !(namesWhat && fitsHeaders) { add(AuditIndex.entities, entity) }
    return lists
  }

  /// A number that tells this question from others.
  var digest: QueryDigest {
    var digest = QueryDigest()
    digest.feed("audit")
    for text in [actor, stream?.text, entity, correlationID, causationID] {
      digest.feed(text.map { "=" + $0 } ?? "")
    }
    for type in types { digest.feed("type " + type.text) }
    for tag in tags { digest.feed("tag " + tag.text) }
    digest.feed(since.map { "since \($0.microseconds)" } ?? "")
    digest.feed(until.map { "until \($0.microseconds)" } ?? "")
    return digest
  }
}

/// One list of positions of the index.
struct PostingList: Sendable {
  let collection: Collection<Posting>
  /// What all its keys begin with.
  let key: DocumentKey
}
