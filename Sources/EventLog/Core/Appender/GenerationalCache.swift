/// A bounded cache in two generations: what was not used during a whole one is dropped.
///
/// Nearly least-recently-used at the price of one dictionary; and it knows since when it is
/// complete, so that the appender can tell whether a fact read earlier may have been overtaken.
package struct GenerationalCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]
  private var youngSince: UInt64
  private let generation: Int

  /// Every value written after this position is in the cache.
  package private(set) var completeSince: UInt64

  /// Makes a cache of at most `bound` values; `position` is where the log stands.
  package init(bound: Int, at position: UInt64) {
    generation = max(1, bound / 2)
    youngSince = position
    completeSince = position
  }

  package var count: Int { young.count + old.count }

  package func peek(_ key: Key) -> Value? { young[key] ?? old[key] }

  /// Remembers what is true at `position`.
  package mutating func set(_ value: Value, for key: Key, at position: UInt64) {
    if young.count >= generation, young[key] == nil {
      old = young
      young = [:]
      completeSince = youngSince
      youngSince = position
    }
    young[key] = value
  }
}
