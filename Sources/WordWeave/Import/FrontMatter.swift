internal import EventLogCore
internal import Yams

/// The members of a post's front matter that an import uses; others are ignored.
struct FrontMatter: Sendable, Equatable {
  enum Date: Sendable, Equatable {
    case absent
    case moment(Timestamp)
    case unreadable(String)
  }

  var title: String?
  var date = Date.absent
  /// Author keys in order.
  var authors: [String] = []
  var category: String?
  /// Absent counts as published.
  var isPublished = true
  /// Members that stand there more than once; the last one counts, as Jekyll reads it.
  var repeated: [String] = []
}

/// A Markdown file as it was read.
enum MarkdownFile: Sendable, Equatable {
  /// `body` is everything after the line that ends the front matter, byte for byte.
  case post(FrontMatter, body: String)
  /// The file does not begin with front matter.
  case plain
  /// The front matter is no YAML mapping.
  case unreadable(String)

  init(_ content: String) {
    guard let (yaml, body) = Self.split(content) else {
      self = .plain
      return
    }
    var node: Node?
    var repeated: [String] = []
    do {
      do {
        node = try Yams.compose(yaml: yaml)
      } catch YamlError.duplicatedKeysInMapping(let members, _) {
        repeated = members
        node = try Yams.compose(yaml: Self.keepingLast(of: members, in: yaml))
      }
    } catch {
      // The parser's message spans lines and repeats the text; its first line says enough.
      let reason = "\(error)".split(separator: "\n").first { $0.contains("error") }
      self = .unreadable(reason.map(String.init) ?? "not valid YAML")
      return
    }
    guard let mapping = node?.mapping else {
      self = .unreadable("the front matter is no mapping")
      return
    }
    var matter = FrontMatter(mapping)
    matter.repeated = repeated
    self = .post(matter, body: body)
  }

  /// Leaves out all but the last of each of these members, each with the lines that belong to it.
  private static func keepingLast(of members: [String], in yaml: String) -> String {
    var blocks: [(member: String, lines: [Substring])] = []
    for line in yaml.split(separator: "\n", omittingEmptySubsequences: false) {
      let isContinuation = line.first.map { " \t-#".contains($0) } ?? true
      if isContinuation, !blocks.isEmpty {
        blocks[blocks.count - 1].lines.append(line)
      } else {
        blocks.append((line.prefix { $0 != ":" }.stripped, [line]))
      }
    }
    var later: Set<String> = []
    var kept: [Substring] = []
    for block in blocks.reversed() {
      if members.contains(block.member), !later.insert(block.member).inserted { continue }
      kept = block.lines + kept
    }
    return kept.joined(separator: "\n")
  }

  /// Front matter stands between a first line `---` and the next such line.
  private static func split(_ content: String) -> (yaml: String, body: String)? {
    let bytes = content.utf8
    guard let first = line(of: bytes, from: bytes.startIndex), isFence(bytes[first.text]) else {
      return nil
    }
    var start = first.next
    while let line = line(of: bytes, from: start) {
      if isFence(bytes[line.text]) {
        return (String(content[first.next..<start]), String(content[line.next...]))
      }
      start = line.next
    }
    return nil
  }

  private static func line(
    of bytes: String.UTF8View,
    from start: String.Index
  ) -> (text: Range<String.Index>, next: String.Index)? {
    guard start < bytes.endIndex else { return nil }
    guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else {
      return (start..<bytes.endIndex, bytes.endIndex)
    }
    return (start..<end, bytes.index(after: end))
  }

  private static func isFence(_ line: Substring.UTF8View) -> Bool {
    line.starts(with: "---".utf8)
      && line.dropFirst(3).allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
  }
}

extension FrontMatter {
  init(_ mapping: Node.Mapping) {
    title = Self.text(mapping["title"])
    category = Self.text(mapping["category"])
    if let text = Self.text(mapping["date"]) {
      date = FrontMatterDate.moment(text).map { .moment($0) } ?? .unreadable(text)
    }
    if let list = mapping["author"]?.sequence {
      authors = list.compactMap(Self.text)
    } else if let one = Self.text(mapping["author"]) {
      authors = [one]
    }
    if let flag = Self.text(mapping["published"])?.lowercased() {
      isPublished = !["false", "no", "off"].contains(flag)
    }
  }

  /// A scalar as it is written: YAML would otherwise read `1.0` and `2015-12-03` as other than text.
  static func text(_ node: Node?) -> String? {
    guard let scalar = node?.scalar else { return nil }
    if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
      return nil
    }
    let text = scalar.string.stripped
    return text.isEmpty ? nil : text
  }
}

/// The dates of Jekyll front matter: `2015-12-03 12:01:01`, `2022-3-4 7:00`, `2025-05-01`, each with
/// or without a zone (`Z`, `-0700`, `+01:00`); without one it is UTC.
enum FrontMatterDate {
  static func moment(_ text: String) -> Timestamp? {
    var parts = text.split { $0 == " " || $0 == "T" || $0 == "t" }
    guard let day = parts.first, parts.count <= 3 else { return nil }
    parts.removeFirst()
    let fields = day.split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count == 3, fields[0].utf8.count == 4, let month = padded(fields[1]),
      let dayOfMonth = padded(fields[2])
    else { return nil }
    var time = "00:00:00"
    var zone = "Z"
    if var clock = parts.first {
      parts.removeFirst()
      if let sign = clock.firstIndex(where: { "Zz+-".contains($0) }) {
        guard parts.isEmpty else { return nil }
        parts = [clock[sign...]]
        clock = clock[..<sign]
      }
      guard let read = self.time(clock) else { return nil }
      time = read
    }
    if let text = parts.first {
      guard let read = self.zone(text) else { return nil }
      zone = read
    }
    return Timestamp("\(fields[0])-\(month)-\(dayOfMonth)T\(time)\(zone)")
  }

  private static func padded(_ field: Substring) -> String? {
    guard (1...2).contains(field.utf8.count) else { return nil }
    return field.utf8.count == 1 ? "0\(field)" : String(field)
  }

  private static func time(_ text: Substring) -> String? {
    let halves = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fields = halves[0].split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(fields.count), let hour = padded(fields[0]),
      let minute = padded(fields[1]), let second = fields.count == 3 ? padded(fields[2]) : "00"
    else { return nil }
    return "\(hour):\(minute):\(second)" + (halves.count == 2 ? ".\(halves[1])" : "")
  }

  private static func zone(_ text: Substring) -> String? {
    if text.uppercased() == "Z" || text.uppercased() == "UTC" { return "Z" }
    guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
    let digits = text.dropFirst().filter { $0 != ":" }
    guard digits.count == 4 || digits.count == 2 else { return nil }
    return "\(sign)\(digits.prefix(2)):\(digits.count == 4 ? digits.suffix(2) : "00")"
  }
}
