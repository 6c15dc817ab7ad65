internal import ServiceKit

/// The address of a post: lower-case ASCII letters, digits and single hyphens.
///
/// Never given to another post: the log holds a tag for each, and an append that would claim one a
/// second time fails.
package enum Slug {
  /// Characters of a slug at most.
  package static let characters = 80
  /// Numbered candidates before a random suffix is taken: a popular title would otherwise cost a
  /// try for each post that bears it.
  package static let numberedCandidates = 9
  /// Paths that lead elsewhere.
  package static let reserved: Set<String> = [
    "api", "drafts", "edit", "feed", "new", "search", "tags", "v1",
  ]

  /// A text as a slug; empty if nothing of it is left.
  package static func folded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var isGap = false
    for scalar in TextRules.composed(text).unicodeScalars {
      if LatinFolding.isDropped(scalar) { continue }
      let letters = LatinFolding.letters(of: scalar)
      guard !letters.isEmpty else {
        isGap = true
        continue
      }
      if isGap, !bytes.isEmpty { bytes.append(UInt8(ascii: "-")) }
      isGap = false
      bytes.append(contentsOf: letters)
    }
    return cut(bytes, at: characters)
  }

  /// The first candidate that is neither reserved nor taken.
  ///
  /// `base` is a folded text; the last candidate bears `suffix`, which is random, and is not looked
  /// up among the taken.
  package static func choose(
    _ base: String,
    suffix: String,
    isTaken: (String) -> Bool
  ) -> String {
    if !reserved.contains(base), !isTaken(base) { return base }
    for number in 2...numberedCandidates {
      let candidate = join(base, String(number))
      if !isTaken(candidate) { return candidate }
    }
    return join(base, suffix)
  }

  private static func join(_ base: String, _ suffix: String) -> String {
    cut(Array(base.utf8), at: characters - suffix.utf8.count - 1) + "-" + suffix
  }

  /// Cuts at a hyphen where one is near, so that no word is cut in two without need.
  private static func cut(_ bytes: [UInt8], at limit: Int) -> String {
    var kept = bytes[..<min(bytes.count, limit)]
    if kept.count < bytes.count, bytes[kept.endIndex] != UInt8(ascii: "-"),
      let gap = kept.lastIndex(of: UInt8(ascii: "-")), gap > limit / 2
    {
      kept = kept[..<gap]
    }
    while kept.last == UInt8(ascii: "-") { kept.removeLast() }
    return String(decoding: kept, as: UTF8.self)
  }
}
