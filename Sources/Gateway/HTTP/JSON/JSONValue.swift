/// A JSON text as a tree; objects keep the order of their members and hold no name twice.
package indirect enum JSONValue: Sendable {
  case null
  case bool(Bool)
  /// As written.
  case number(String)
  case text(String)
  case array([JSONValue])
  case object([(name: String, value: JSONValue)])

  /// The member of that name, or nil; nil too for anything but an object.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The text, or nil for anything else.
  package var text: String? {
    guard case .text(let text) = self else { return nil }
    return text
  }

  /// The number, or nil for anything else.
  package var number: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }

  /// Whether it is the literal null.
  package var isNull: Bool {
    guard case .null = self else { return false }
    return true
  }
}
