internal import EventLogCore
internal import Schemas

/// The fields of a payload: names with points between, values as JSON text.
///
/// What is read here was written by the protobuf library a moment ago, so it is sound JSON; the
/// values are kept as they stand, digit by digit. What was appended as JSON is checked.
enum FieldText {
  /// One field.
  struct Field: Equatable, Sendable {
    let path: String
    let value: String
    /// Whether the path is one name, whatever points are in it.
    var isWhole = false
  }

  /// The fields of an event; nil if its payload is removed, or is neither of a known schema nor a
  /// JSON object.
  static func fields(of event: RecordedEvent) -> [Field]? {
    guard !event.isRemoved else { return nil }
    if event.contentType == Payloads.jsonType {
      // No schema says what lies inside: a member may be a number once and an object the next time.
      return CompactJSON(event.data)?.members?.map {
        Field(path: $0.name, value: $0.value, isWhole: true)
      }
    }
    guard
      let json = Payloads.json(
        type: event.type.text,
        contentType: event.contentType,
        data: event.data
      )
    else { return nil }
    let lists = Payloads.lists(of: event.type.text)
    return fields(of: json).map { field in
      // "Changed to none" and "not changed" differ by a message around a list.
      guard let list = lists.first(where: { field.path == $0 || field.path == $0 + ".values" })
      else { return field }
      return Field(path: list, value: field.value == "{}" ? "[]" : field.value)
    }
  }

  /// The fields of a JSON object that holds others, lists and plain values.
  static func fields(of json: String) -> [Field] {
    var reader = Reader(bytes: Array(json.utf8))
    var fields: [Field] = []
    reader.object(below: "", into: &fields)
    return fields
  }

  private struct Reader {
    let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads an object whose brace comes next.
    mutating func object(below path: String, into fields: inout [Field]) {
      skip("{")
      if next == UInt8(ascii: "}") {
        place += 1
        if !path.isEmpty { fields.append(Field(path: path, value: "{}")) }
        return
      }
      while place < bytes.count {
        let name = text(value()).dropFirst().dropLast()
        skip(":")
        let inner = path.isEmpty ? String(name) : path + "." + name
        if next == UInt8(ascii: "{") {
          object(below: inner, into: &fields)
        } else {
          fields.append(Field(path: inner, value: text(value())))
        }
        guard next == UInt8(ascii: ",") else { break }
        place += 1
      }
      skip("}")
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skip(_ byte: Unicode.Scalar) {
      if next == UInt8(ascii: byte) { place += 1 }
    }

    private func text(_ range: Range<Int>) -> String {
      String(decoding: bytes[range], as: UTF8.self)
    }

    /// The bytes of the value that comes next: a text, a number, a word or a list.
    private mutating func value() -> Range<Int> {
      let start = place
      var depth = 0
      var isText = false
      while place < bytes.count {
        let byte = bytes[place]
        if isText {
          if byte == UInt8(ascii: "\\") {
            place += 1
          } else if byte == UInt8(ascii: "\"") {
            isText = false
          }
        } else {
          switch byte {
          case UInt8(ascii: "\""): isText = true
          case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
          case UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: ":"):
            if depth == 0 { return start..<place }
            if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth -= 1 }
          default: break
          }
        }
        place += 1
      }
      return start..<min(place, bytes.count)
    }
  }
}

/// The name of a field as the payload's JSON has it.
enum FieldName {
  /// `display_name` and `displayName` name one field.
  static func plain(_ name: String) -> String {
    var result = ""
    var isRaised = false
    for character in name {
      if character == "_", !result.isEmpty {
        isRaised = true
      } else {
        result += isRaised ? character.uppercased() : String(character)
        isRaised = false
      }
    }
    return result
  }

  /// Whether a field is the one asked for, or lies inside it.
  static func names(_ path: String, within wanted: String) -> Bool {
    path == wanted || path.hasPrefix(wanted + ".")
  }
}
