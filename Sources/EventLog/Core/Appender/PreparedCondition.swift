/// A condition made ready on its caller's thread.
package struct PreparedCondition: Sendable {
  /// An alternative with the hashes of its texts, in their order.
  package struct Item: Sendable {
    package let texts: EventQuery.Item
    package let types: [TextHash]
    package let tags: [TextHash]
  }

  package let query: EventQuery
  /// The query, to be asked of events.
  package let matcher: QueryMatcher
  /// The alternatives with the hashes of their texts; none of a large condition, which is asked of
  /// events instead of being followed text by text.
  package let items: [Item]
  /// How many types and tags it names.
  package let textCount: Int
  package let isLarge: Bool
  package let matchesEverything: Bool
  /// Exclusive.
  package let after: UInt64
  /// Bytes that it holds while its request waits, about.
  package let cost: Int

  /// Bytes of a text beside its own: a string of its own, its hash, and its place among the others.
  package static let textBytes = 96

  /// What all large conditions that wait may cost, so that they leave room for requests without; one
  /// that costs more counts as so much, and waits alone of its kind.
  package static let costBound = EventLogLimits.queuedBytes / 2

  package init(_ condition: AppendCondition, hashing: PreparedRequest.Hashing) {
    query = condition.failIfMatches
    matcher = QueryMatcher(query)
    textCount = query.textCount
    isLarge = query.isLarge
    matchesEverything = query.matchesEverything
    after = condition.after?.number ?? 0
    items =
      query.isLarge
      ? []
      : query.items.map { item in
        Item(
          texts: item,
          types: item.types.map { hashing($0.text, .type) },
          tags: item.tags.map { hashing($0.text, .tag) }
        )
      }
    let bytes = query.items.reduce(0) { sum, item in
      let types = item.types.reduce(sum) { $0 + Self.textBytes + $1.text.utf8.count }
      return item.tags.reduce(types) { $0 + Self.textBytes + $1.text.utf8.count }
    }
    cost = min(bytes, Self.costBound)
  }
}
