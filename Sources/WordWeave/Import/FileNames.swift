internal import EventLogCore

/// What a post's file name tells.
enum FileNames {
  /// The name without folder, date and `.md`: `2015-12-03-welcome.md` → `welcome`.
  static func stem(_ file: String) -> String {
    var name = Substring(file.split(separator: "/").last ?? "")
    if name.hasSuffix(".md") { name = name.dropLast(3) }
    if name.hasSuffix(".markdown") { name = name.dropLast(9) }
    let parts = name.split(separator: "-", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, isDatePart(parts[0], 4...4), isDatePart(parts[1], 1...2),
      isDatePart(parts[2], 1...2), !parts[3].isEmpty
    else { return String(name) }
    return String(parts[3])
  }

  /// The address asked for: lower-case ASCII letters and digits, hyphens between them.
  static func slug(_ file: String) -> String { slug(ofText: stem(file)) }

  static func slug(ofText text: String) -> String {
    var slug = ""
    for byte in text.lowercased().utf8 {
      if (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) {
        slug.unicodeScalars.append(Unicode.Scalar(byte))
      } else if !slug.isEmpty, !slug.hasSuffix("-") {
        slug += "-"
      }
    }
    slug = String(slug.prefix(ImportLimits.slugCharacters))
    while slug.hasSuffix("-") { slug.removeLast() }
    return slug
  }

  /// The date in the name, at midnight UTC; nil if there is none (`2025-NN-NN-…`).
  static func date(_ file: String) -> Timestamp? {
    let name = file.split(separator: "/").last ?? ""
    let parts = name.split(separator: "-", maxSplits: 3)
    return parts.count == 4 ? FrontMatterDate.moment(parts[..<3].joined(separator: "-")) : nil
  }

  // Names of unfinished posts have placeholders where the date will be.
  private static func isDatePart(_ part: Substring, _ length: ClosedRange<Int>) -> Bool {
    length.contains(part.count) && part.allSatisfy { $0.isASCII && ($0.isNumber || $0 == "N") }
  }
}

extension StringProtocol {
  /// At most `count` characters.
  func cut(toCharacters count: Int) -> String { String(prefix(count)) }

  /// At most `count` bytes of UTF-8, cut between characters.
  func cut(toBytes count: Int) -> String {
    guard utf8.count > count else { return String(self) }
    var kept = ""
    var bytes = 0
    for character in self {
      bytes += character.utf8.count
      guard bytes <= count else { break }
      kept.append(character)
    }
    return kept
  }
}
