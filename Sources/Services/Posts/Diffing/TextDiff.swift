// Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), over words.
//
// A text is cut into words (letters, digits and everything beyond ASCII), runs of white space and
// single other characters. Equal beginnings and ends are set aside first, which leaves little of
// an ordinary edit. The search keeps one row of furthest points for each number of differences, so
// it is bounded by `edits` rows and `steps` comparisons. Beyond that the same search runs line by
// line, and beyond that again the stretch is shown as removed and added whole: a reader gains
// nothing from words in two texts that have little in common.

/// A stretch of text that stayed, came or went.
package struct DiffStretch: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case same
    case added
    case removed
  }

  package var kind: Kind
  package var text: String

  package init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}

/// What changed from one text to another.
package enum TextDiff {
  /// Differences that are searched for: their rows hold about four megabytes.
  package static let edits = 1_000
  /// Comparisons of one search: some tens of milliseconds.
  package static let steps = 10_000_000

  /// The stretches of both texts, in order; what was removed stands before what was added.
  package static func stretches(
    from old: String,
    to new: String,
    edits: Int = TextDiff.edits
  ) -> [DiffStretch] {
    for tokens in [words, lines] {
      let (old, new) = (tokens(old), tokens(new))
      if let stretches = stretches(old, new, edits: edits) { return merged(stretches) }
    }
    return merged([DiffStretch(.removed, old), DiffStretch(.added, new)])
  }

  /// The elements of both lists, in order, each a stretch of its own.
  package static func stretches(from old: [String], to new: [String]) -> [DiffStretch] {
    stretches(old.map { Array($0.utf8)[...] }, new.map { Array($0.utf8)[...] }, edits: edits)
      ?? old.map { DiffStretch(.removed, $0) } + new.map { DiffStretch(.added, $0) }
  }

  private typealias Token = ArraySlice<UInt8>

  private static func stretches(
    _ old: [Token],
    _ new: [Token],
    edits: Int
  ) -> [DiffStretch]? {
    var ids: [Token: Int32] = [:]
    func number(_ tokens: [Token]) -> [Int32] {
      tokens.map { token in
        if let id = ids[token] { return id }
        let id = Int32(ids.count)
        ids[token] = id
        return id
      }
    }
    let (a, b) = (number(old), number(new))
    let shorter = min(a.count, b.count)
    var prefix = 0
    while prefix < shorter, a[prefix] == b[prefix] { prefix += 1 }
    var suffix = 0
    while suffix < shorter - prefix, a[a.count - 1 - suffix] == b[b.count - 1 - suffix] {
      suffix += 1
    }
    guard
      let script = MyersSearch(
        a[prefix..<(a.count - suffix)],
        b[prefix..<(b.count - suffix)]
      ).script(edits: edits)
    else { return nil }
    var result: [DiffStretch] = []
    func add(_ kind: DiffStretch.Kind, _ token: Token) {
      result.append(DiffStretch(kind, String(decoding: token, as: UTF8.self)))
    }
    for index in 0..<prefix { add(.same, old[index]) }
    for step in script {
      switch step {
      case .same(let index): add(.same, old[index])
      case .removed(let index): add(.removed, old[index])
      case .added(let index): add(.added, new[index])
      }
    }
    for index in (old.count - suffix)..<old.count { add(.same, old[index]) }
    return result
  }

  /// Neighbours of one kind as one stretch; between two that stayed, removed before added.
  private static func merged(_ stretches: [DiffStretch]) -> [DiffStretch] {
    var result: [DiffStretch] = []
    var removed = ""
    var added = ""
    var same = ""
    func flushSame() {
      if !same.isEmpty { result.append(DiffStretch(.same, same)) }
      same = ""
    }
    func flushChanges() {
      if !removed.isEmpty { result.append(DiffStretch(.removed, removed)) }
      if !added.isEmpty { result.append(DiffStretch(.added, added)) }
      removed = ""
      added = ""
    }
    for stretch in stretches {
      switch stretch.kind {
      case .same:
        flushChanges()
        same += stretch.text
      case .removed:
        flushSame()
        removed += stretch.text
      case .added:
        flushSame()
        added += stretch.text
      }
    }
    flushSame()
    flushChanges()
    return result
  }

  private static func words(_ text: String) -> [Token] {
    tokens(text) { previous, byte in
      let kind = kind(of: byte)
      return kind == .other || kind != Self.kind(of: previous)
    }
  }

  private enum ByteKind {
    case word
    case space
    case other
  }

  private static func kind(of byte: UInt8) -> ByteKind {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
      .word
    case 0x20, 0x09, 0x0A, 0x0D: .space
    default: .other
    }
  }

  private static func lines(_ text: String) -> [Token] {
    tokens(text) { previous, _ in previous == 0x0A }
  }

  private static func tokens(
    _ text: String,
    begins: (_ previous: UInt8, _ byte: UInt8) -> Bool
  ) -> [Token] {
    let bytes = Array(text.utf8)
    var tokens: [Token] = []
    var start = 0
    for index in bytes.indices.dropFirst() where begins(bytes[index - 1], bytes[index]) {
      tokens.append(bytes[start..<index])
      start = index
    }
    if start < bytes.count { tokens.append(bytes[start...]) }
    return tokens
  }
}
