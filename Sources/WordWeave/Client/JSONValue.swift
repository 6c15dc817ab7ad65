/// A JSON value that keeps what it was read from: the order of members, and numbers as written.
///
/// The command line shows what the gateway sent; a decoder into Swift types would reorder members
/// and round numbers.
enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// As written.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  struct Member: Sendable, Equatable {
    let name: String
    let value: JSONValue
  }

  static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member(name: $0.key, value: $0.value) })
  }

  static func number(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

  static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

  /// A figure with at most three digits after the point.
  static func number(rounding value: Double) -> JSONValue {
    guard value.isFinite, abs(value) < 1e15 else { return .null }
    let thousandths = Int64((value * 1000).rounded())
    let fraction = String(abs(thousandths) % 1000)
    let sign = thousandths < 0 ? "-" : ""
    return .number(
      "\(sign)\(abs(thousandths) / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    )
  }

  /// The member of that name; nil if there is none or this is no object.
  subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var integer: Int64? {
    if case .number(let text) = self { Int64(text) } else { nil }
  }

  var figure: Double? {
    if case .number(let text) = self { Double(text) } else { nil }
  }

  var flag: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  var items: [JSONValue]? {
    if case .array(let items) = self { items } else { nil }
  }

  var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// A cell of a table: texts without quotes, nothing for null, JSON for the rest.
  var cell: String {
    switch self {
    case .null: ""
    case .string(let text): text
    case .number(let text): text
    case .bool, .array, .object: serialized
    }
  }
}
