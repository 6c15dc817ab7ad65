/// A query made ready to be asked of many events: what an event costs does not grow with the number
/// of alternatives.
///
/// A query of few texts is compared text by text, which is quicker than to hash those of each event.
/// Of a larger one the event looks its own type and tags up. What is left to be compared all the
/// same, where many alternatives share a type and a tag, is counted (see `extra`).
///
/// - Shape: a value that is changed by being asked; copies share what is large.
package struct QueryMatcher: Sendable {
  private enum Form: Sendable {
    case everything
    case few([EventQuery.Item], texts: Int)
    case many(QueryIndex)
  }

  /// Texts of a query that is compared text by text.
  ///
  /// To hash an event's type and tags and to look them up costs about as much as so many
  /// comparisons, most of which end at the length.
  package static let fewTexts = 16

  /// Steps of an event that are not counted: to read it and to check its sum costs as much.
  private static let freeSteps = 64

  /// Bytes of a tag of ordinary length, by which the comparisons of few texts are estimated.
  private static let tagBytes = 16

  private let form: Form
  private var bearing: QueryIndex.Bearing
  /// Steps beyond those that are free.
  private var excess = 0

  /// Prepares a query; one of many texts takes as long as to hash them all.
  package init(_ query: EventQuery) {
    let texts = query.textCount
    if query.matchesEverything {
      form = .everything
      bearing = QueryIndex.Bearing(for: 0)
    } else if texts <= Self.fewTexts {
      form = .few(query.items, texts: texts)
      bearing = QueryIndex.Bearing(for: 0)
    } else {
      let index = QueryIndex(query)
      form = .many(index)
      bearing = QueryIndex.Bearing(for: index.tagCount)
    }
  }

  /// What the answers so far took beyond the ordinary, in events that could have been looked at.
  package var extra: Int { excess / Self.freeSteps }

  /// Whether every event matches.
  package var matchesEverything: Bool { if case .everything = form { true } else { false } }

  /// Whether a sound envelope matches, byte for byte (laws L10 and L11).
  package mutating func matches(_ envelope: UnsafeRawBufferPointer) -> Bool {
    // Before the envelope's parts are looked for.
    if case .everything = form { return true }
    return matches(type: Envelope.type(of: envelope), tags: Envelope.tags(of: envelope))
  }

  /// Whether an event matches.
  package mutating func matches(_ event: RecordedEvent) -> Bool {
    event.withEnvelope { matches($0) }
  }

  /// Whether an event of this type matches that bears these tags, each of them behind its length.
  package mutating func matches(
    type: UnsafeRawBufferPointer,
    tags: UnsafeRawBufferPointer
  ) -> Bool {
    switch form {
    case .everything: return true
    case .few(let items, let texts):
      count(texts * (tags.count / Self.tagBytes))
      return items.contains { Self.matches($0, type, tags) }
    case .many(let index):
      var steps = 0
      let isMatch = index.matches(type: type, tags: tags, &bearing, &steps)
      count(steps)
      return isMatch
    }
  }

  private mutating func count(_ steps: Int) {
    if steps > Self.freeSteps { excess += steps - Self.freeSteps }
  }

  /// Whether one alternative does, text by text.
  static func matches(
    _ item: EventQuery.Item,
    _ type: UnsafeRawBufferPointer,
    _ tags: UnsafeRawBufferPointer
  ) -> Bool {
    guard item.types.isEmpty || item.types.contains(where: { isEqual(type, $0.text) }) else {
      return false
    }
    return item.tags.allSatisfy { tag in tag.text.withBytes { holds(tags, $0) } }
  }

  private static func isEqual(_ bytes: UnsafeRawBufferPointer, _ text: String) -> Bool {
    text.utf8.count == bytes.count && text.withBytes { bytes.hasSameBytes(as: $0) }
  }

  private static func holds(
    _ tags: UnsafeRawBufferPointer,
    _ wanted: UnsafeRawBufferPointer
  ) -> Bool {
    var place = 0
    while place < tags.count {
      let end = place + 1 + Int(tags[place])
      if UnsafeRawBufferPointer(rebasing: tags[(place + 1)..<end]).hasSameBytes(as: wanted) {
        return true
      }
      place = end
    }
    return false
  }
}
