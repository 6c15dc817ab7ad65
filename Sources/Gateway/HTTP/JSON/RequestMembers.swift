/// The members of a request's JSON object, read one by one; every fault is told, not only the
/// first.
///
/// Members that nobody asked for are a fault of their own, so that nothing can be smuggled in.
package struct RequestMembers {
  private let members: [JSONValue.Member]
  private var read: Set<String> = []
  private var errors: [Problem.Member] = []

  /// Takes the body apart; anything but an object is refused.
  package init(_ value: JSONValue) throws(Problem) {
    guard case .object(let members) = value else {
      throw Problem(.validation, errors: [.init("", "wrong-type", "The body must be an object.")])
    }
    self.members = members
  }

  /// Whether a member of that name is there.
  package func has(_ name: String) -> Bool { members.contains { $0.name == name } }

  /// The raw value of a member, or nil.
  package mutating func value(_ name: String) -> JSONValue? {
    read.insert(name)
    return members.first { $0.name == name }?.value
  }

  /// A text, or nil if the member is not there.
  ///
  /// - characters: how many it may have at most.
  /// - bytes: how many it may have at most.
  /// - null: what null stands for; nil where null is a fault.
  package mutating func text(
    _ name: String,
    characters: Int = .max,
    bytes: Int = .max,
    null: String? = nil
  ) -> String? {
    switch value(name) {
    case nil: return nil
    case .null? where null != nil: return null
    case .string(let text)?:
      guard check(text, name, characters: characters, bytes: bytes) else { return nil }
      return text
    default:
      fail(name, "wrong-type", "A text is expected.")
      return nil
    }
  }

  /// A text that must be there and not empty.
  package mutating func required(
    _ name: String,
    characters: Int = .max,
    bytes: Int = .max
  ) -> String {
    guard has(name) else {
      read.insert(name)
      fail(name, "required", "The member is missing.")
      return ""
    }
    guard let text = text(name, characters: characters, bytes: bytes) else { return "" }
    if text.isEmpty { fail(name, "blank", "The text must not be empty.") }
    return text
  }

  /// A list of texts, or nil if the member is not there; null stands for none.
  package mutating func texts(_ name: String, count: Int, characters: Int) -> [String]? {
    switch value(name) {
    case nil: return nil
    case .null?: return []
    case .array(let values)?:
      guard values.count <= count else {
        fail(name, "too-many", "At most \(count) are allowed.")
        return nil
      }
      var texts: [String] = []
      for (index, value) in values.enumerated() {
        guard case .string(let text) = value else {
          fail("\(name)/\(index)", "wrong-type", "A text is expected.")
          continue
        }
        if text.isEmpty {
          fail("\(name)/\(index)", "blank", "The text must not be empty.")
        } else if check(text, "\(name)/\(index)", characters: characters, bytes: .max) {
          texts.append(text)
        }
      }
      return texts
    default:
      fail(name, "wrong-type", "A list of texts is expected.")
      return nil
    }
  }

  /// A whole number from 0; 0 if the member is not there.
  package mutating func number(_ name: String, through most: UInt64) -> UInt64 {
    switch value(name) {
    case nil, .null?: return 0
    case .number(let text)?:
      guard let number = UInt64(text), number <= most else { break }
      return number
    default: break
    }
    fail(name, "invalid", "A whole number in 0…\(most) is expected.")
    return 0
  }

  /// Notes a fault.
  package mutating func fail(_ name: String, _ code: String, _ detail: String) {
    errors.append(.init(name, code, detail))
  }

  /// Throws what was found: unknown members first, then the faults of known ones.
  package func finish() throws(Problem) {
    let unknown = members.filter { !read.contains($0.name) }
    guard unknown.isEmpty else {
      throw Problem(
        .unknownMember,
        errors: unknown.prefix(20).map {
          .init(Self.pointer($0.name), "unknown-member", "Nobody reads this member.")
        }
      )
    }
    guard errors.isEmpty else { throw Problem(.validation, errors: errors) }
  }

  private mutating func check(
    _ text: String,
    _ name: String,
    characters: Int,
    bytes: Int
  ) -> Bool {
    if text.utf8.count > bytes {
      fail(name, "too-long", "At most \(bytes) bytes are allowed.")
      return false
    }
    // Counting characters is slow; a text never has more of them than bytes.
    if text.utf8.count > characters, text.count > characters {
      fail(name, "too-long", "At most \(characters) characters are allowed.")
      return false
    }
    for byte in text.utf8
    where byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D || byte == 0x7F {
      fail(name, "control-character", "Control characters are not allowed.")
      return false
    }
    return true
  }

  /// JSON pointers escape `~` and `/` (RFC 6901).
  private static func pointer(_ name: String) -> String {
    var text = ""
    for character in name.prefix(100) {
      switch character {
      case "~": text += "~0"
      case "/": text += "~1"
      default: text.append(character)
      }
    }
    return text
  }
}
