/// Ordered pairs of key and value that go with an event; keys are unique.
public struct Metadata: Hashable, Sendable {
  /// One pair.
  public struct Entry: Hashable, Sendable {
    /// The key, 1–255 bytes.
    public let key: String
    /// The value.
    public let value: String
    /// Makes a pair.
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The pairs in the order in which they were given.
  public private(set) var entries: [Entry]

  /// Makes metadata of pairs; that keys are unique is checked on append.
  public init(_ entries: [Entry] = []) { self.entries = entries }

  /// The value of `key`.
  ///
  /// Setting replaces in place or adds at the end; nil removes.
  public subscript(key: String) -> String? {
    get { entries.first { $0.key == key }?.value }
    set {
      guard let index = entries.firstIndex(where: { $0.key == key }) else {
        if let newValue { entries.append(Entry(key: key, value: newValue)) }
        return
      }
      if let newValue {
        entries[index] = Entry(key: key, value: newValue)
      } else {
        entries.remove(at: index)
      }
    }
  }

  /// Keys that the platform gives a meaning.
  public enum Keys {
    /// What belongs to one request, across services.
    public static let correlationID = "correlation-id"
    /// The event or command that brought this event about.
    public static let causationID = "causation-id"
    /// Who did it: a user id, `operator`, `system`.
    public static let actor = "actor"
    /// W3C trace context.
    public static let traceparent = "traceparent"
    /// When it happened, where that is not when it was recorded (an import), as RFC 3339.
    public static let occurredAt = "occurred-at"
  }
}

extension Metadata: ExpressibleByDictionaryLiteral {
  /// Makes metadata of a literal, in its order.
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init(elements.map { Entry(key: $0.0, value: $0.1) })
  }
}
