/// Which events a condition, a read or a projection speaks of.
///
/// - Shape: no items match every event; items are OR. In an item types are OR (none = every
///   type) and tags are AND (none = every event); both must hold (law L10).
/// - Units: texts are compared byte for byte, without folding or normalisation (law L11).
public struct EventQuery: Hashable, Sendable {
  /// One alternative of a query.
  public struct Item: Hashable, Sendable {
    /// Any of these; none stands for every type.
    public var types: [EventType]
    /// All of these; none stands for every event.
    public var tags: [Tag]
    /// Makes an alternative.
    public init(types: [EventType] = [], tags: [Tag] = []) {
      self.types = types
      self.tags = tags
    }
  }

  /// The alternatives.
  public var items: [Item]
  /// Makes a query of alternatives.
  public init(_ items: [Item]) { self.items = items }
  /// Every event.
  public static let all = EventQuery([])
  /// Events of any of `types`.
  public static func types(_ types: EventType...) -> EventQuery { EventQuery([Item(types: types)]) }
  /// Events that bear all of `tags`.
  public static func tags(_ tags: Tag...) -> EventQuery { EventQuery([Item(tags: tags)]) }

  /// Whether every event matches, so that nobody needs to look.
  public var matchesEverything: Bool {
    items.isEmpty || items.contains { $0.types.isEmpty && $0.tags.isEmpty }
  }

  /// Types and tags of a query from which on it is large.
  ///
  /// What is done for a query where a caller waits, be it an event loop or a lock that others want,
  /// is done for fewer alone: so many are hashed in well under a millisecond.
  package static let largeTexts = 256

  /// How many types and tags it names.
  package var textCount: Int { items.reduce(0) { $0 + $1.types.count + $1.tags.count } }

  /// Whether it names more than are handled in passing.
  package var isLarge: Bool { textCount > Self.largeTexts }

  /// Whether an event of this type with these tags matches.
  public func matches(type: EventType, tags: [Tag]) -> Bool {
    items.isEmpty
      || items.contains { item in
        (item.types.isEmpty || item.types.contains(type)) && item.tags.allSatisfy(tags.contains)
      }
  }
}
