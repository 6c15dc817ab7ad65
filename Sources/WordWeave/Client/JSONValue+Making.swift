internal import Gateway

extension JSONValue {
  /// Reads one JSON value that fills `bytes`; what the system or the operator wrote may be large.
  init(parsing bytes: [UInt8]) throws(JSONFault) {
    self = try JSONReader.value(of: bytes, within: .answer)
  }

  /// Reads one JSON value that fills `text`.
  init(parsing text: String) throws(JSONFault) { try self.init(parsing: Array(text.utf8)) }

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
