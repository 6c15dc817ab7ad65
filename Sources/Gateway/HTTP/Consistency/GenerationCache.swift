/// A bounded map that forgets what was not used for longest, approximately: two generations, and
/// when the young one is full it becomes the old one.
///
/// Every call is O(1); memory is at most `capacity` entries. What is promised is the bound, not the
/// exact order of forgetting.
package struct GenerationCache<Key: Hashable, Value> {
  private let half: Int
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]

  /// Holds at most `capacity` entries.
  package init(capacity: Int) { half = max(1, capacity / 2) }

  /// The value under a key; one of the old generation is made young again.
  package subscript(key: Key) -> Value? {
    mutating get {
      if let value = young[key] { return value }
      guard let value = old.removeValue(forKey: key) else { return nil }
      insert(value, key)
      return value
    }
    set {
      old[key] = nil
      if let newValue { insert(newValue, key) } else { young[key] = nil }
    }
  }

  /// Forgets everything.
  package mutating func removeAll() {
    young.removeAll()
    old.removeAll()
  }

  /// How many entries are held.
  package var count: Int { young.count + old.count }

  private mutating func insert(_ value: Value, _ key: Key) {
    if young.count >= half, young[key] == nil {
      old = young
      young = [:]
    }
    young[key] = value
  }
}
