/// A JSON value that keeps what it was read from: the order of members, and numbers as written.
///
/// A decoder into Swift types would reorder members and round numbers.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// As written.
  case number(String)
  case string(String)
  case array([JSONValue])
  /// No name stands twice in what a reader gave.
  case object([Member])

  /// A member of an object.
  package struct Member: Sendable, Equatable {
    package let name: String
    package let value: JSONValue

    /// Makes a member.
    package init(name: String, value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The member of that name; nil if there is none or this is no object.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The text, or nil for anything else.
  package var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The whole number, or nil for anything else.
  package var integer: Int64? {
    if case .number(let text) = self { Int64(text) } else { nil }
  }

  /// The number, or nil for anything else.
  package var figure: Double? {
    if case .number(let text) = self { Double(text) } else { nil }
  }

  /// The truth value, or nil for anything else.
  package var flag: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  /// The elements, or nil for anything but an array.
  package var items: [JSONValue]? {
    if case .array(let items) = self { items } else { nil }
  }

  /// The members in their order, or nil for anything but an object.
  package var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// Whether it is the literal null.
  package var isNull: Bool { self == .null }
}
