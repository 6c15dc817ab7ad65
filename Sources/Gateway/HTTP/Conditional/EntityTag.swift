/// Entity tags that stand for revisions: `"r7"`.
package enum EntityTag {
  /// What a request asks of the present state.
  package enum Condition: Equatable, Sendable {
    /// Nothing.
    case none
    /// That the resource exists.
    case exists
    /// That the stream's last revision is this one.
    case revision(UInt64)
    /// Something that is never true: a weak or foreign tag.
    case never
  }

  /// The strong tag of a revision.
  package static func text(_ revision: UInt64) -> String { "\"r\(revision)\"" }

  /// Reads `If-Match` (RFC 9110, 13.1.1).
  ///
  /// Tags are compared strongly: weak ones never match, and a suffix that a compressed answer added
  /// is taken off.
  package static func ifMatch(_ values: [String]) throws(Problem) -> Condition {
    guard !values.isEmpty else { return .none }
    let joined = values.joined(separator: ",")
    if joined.trimmed == "*" { return .exists }
    let tags = try parse(joined, header: "If-Match")
    let revisions = Set(tags.filter { !$0.isWeak }.compactMap { revision($0.opaque) })
    guard revisions.count <= 1 else {
      throw Problem(
        .malformedRequest,
        "If-Match may name one revision at most.",
        pointer: "If-Match"
      )
    }
    return revisions.first.map(Condition.revision) ?? .never
  }

  /// Whether `If-None-Match` names `tag` or anything (RFC 9110, 13.1.2: compared weakly).
  package static func noneMatch(_ values: [String], tag: String) throws(Problem) -> Bool {
    guard !values.isEmpty else { return false }
    let joined = values.joined(separator: ",")
    if joined.trimmed == "*" { return true }
    let opaque = tag.split(separator: "\"", maxSplits: 2).last.map(String.init) ?? ""
    return try parse(joined, header: "If-None-Match").contains {
      withoutCoding($0.opaque) == opaque
    }
  }

  private static func revision(_ opaque: String) -> UInt64? {
    let plain = withoutCoding(opaque)
    guard plain.utf8.first == UInt8(ascii: "r") else { return nil }
    let digits = plain.utf8.dropFirst()
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
      digits.count == 1 || digits.first != 0x30
    else { return nil }
    return UInt64(plain.dropFirst())
  }

  private static func withoutCoding(_ opaque: String) -> String {
    for suffix in ["-gzip", "-br"] where opaque.hasSuffix(suffix) {
      return String(opaque.dropLast(suffix.count))
    }
    return opaque
  }

  private static func parse(
    _ text: String,
    header: String
  ) throws(Problem) -> [(isWeak: Bool, opaque: String)] {
    var tags: [(isWeak: Bool, opaque: String)] = []
    var rest = Array(text.utf8)[...]
    func bad() -> Problem {
      Problem(.malformedRequest, "\(header) is a list of quoted tags.", pointer: header)
    }
    while true {
      while let byte = rest.first, byte == 0x20 || byte == 0x09 || byte == 0x2C {
        rest.removeFirst()
      }
      guard !rest.isEmpty else { break }
      var isWeak = false
      if rest.starts(with: "W/".utf8) {
        isWeak = true
        rest.removeFirst(2)
      }
      guard rest.first == 0x22, let end = rest.dropFirst().firstIndex(of: 0x22) else { throw bad() }
      let opaque = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
      tags.append((isWeak, opaque))
      rest = rest[(end + 1)...]
      while let byte = rest.first, byte == 0x20 || byte == 0x09 { rest.removeFirst() }
      guard rest.isEmpty || rest.first == 0x2C else { throw bad() }
    }
    guard !tags.isEmpty else { throw bad() }
    return tags
  }
}

extension String {
  /// Without spaces and tabs at both ends, as header fields allow them.
  package var trimmed: Substring {
    var part = self[...]
    while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
    while let last = part.last, last == " " || last == "\t" { part.removeLast() }
    return part
  }
}
