internal import EventLogCore
package import ServiceKit

/// Checks of the members of requests about posts.
package enum PostRules {
  /// A post's id: a UUID, in lower case.
  package static func id(_ id: String) throws(ValidationError) -> String {
    guard let uuid = EventID(id), uuid != .none else {
      throw ValidationError("postId", "malformed", "A post's id is a UUID.")
    }
    return uuid.description
  }

  /// A title.
  package static func title(_ title: String) throws(ValidationError) -> String {
    try TextRules.check(title, "title", characters: 1...PostLimits.titleCharacters)
    return title
  }

  /// A summary.
  package static func summary(_ summary: String) throws(ValidationError) -> String {
    try TextRules.check(
      summary,
      "summary",
      characters: 0...PostLimits.summaryCharacters,
      controls: .lines
    )
    return summary
  }

  /// A body, kept byte for byte.
  package static func body(_ body: String) throws(ValidationError) -> String {
    try TextRules.check(body, "body", bytes: 0...PostLimits.bodyBytes, controls: .lines)
    return body
  }

  /// Tags in normalization form C, in their order, each once.
  package static func tags(_ tags: [String]) throws(ValidationError) -> [String] {
    try checkCount(tags, "tags", PostLimits.tags)
    var kept: [String] = []
    for (index, tag) in tags.enumerated() {
      let tag = TextRules.composed(tag)
      try TextRules.check(tag, "tags/\(index)", characters: 1...PostLimits.tagCharacters)
      if !kept.contains(tag) { kept.append(tag) }
    }
    return kept
  }

  /// The address of a picture: http, https, a path of the platform's own, or empty.
  package static func cover(_ cover: String) throws(ValidationError) -> String {
    try TextRules.check(cover, "cover", bytes: 0...PostLimits.coverBytes)
    let lower = cover.lowercased()
    let isSound =
      cover.isEmpty || lower.hasPrefix("https://") || lower.hasPrefix("http://")
      || (cover.hasPrefix("/") && !cover.hasPrefix("//"))
    guard isSound else {
      throw ValidationError("cover", "malformed", "A cover's address is http, https or a path.")
    }
    return cover
  }

  /// Accounts named above a post, each once; whether they exist is for the Users Service to say.
  package static func byline(_ byline: [String]) throws(ValidationError) -> [String] {
    try checkCount(byline, "byline", PostLimits.byline)
    var kept: [String] = []
    for (index, id) in byline.enumerated() {
      try TextRules.check(id, "byline/\(index)", bytes: 1...PostLimits.accountIDBytes)
      if !kept.contains(id) { kept.append(id) }
    }
    return kept
  }

  /// A slug as it is stored; empty takes a wish back.
  package static func slug(_ slug: String) throws(ValidationError) -> String {
    try TextRules.check(slug, "slug", characters: 0...Slug.characters)
    let folded = Slug.folded(slug)
    guard slug.isEmpty || !folded.isEmpty else {
      throw ValidationError("slug", "malformed", "A slug needs Latin letters or digits.")
    }
    guard !Slug.reserved.contains(folded) else {
      throw ValidationError("slug", "reserved", "This address leads elsewhere.")
    }
    return folded
  }

  /// The reason of a deletion.
  package static func reason(_ reason: String) throws(ValidationError) -> String {
    try TextRules.check(reason, "reason", bytes: 0...PostLimits.reasonBytes, controls: .lines)
    return reason
  }

  private static func checkCount(
    _ list: [String],
    _ field: String,
    _ limit: Int
  ) throws(ValidationError) {
    guard list.count <= limit else {
      throw ValidationError(field, "too-many", "At most \(limit) are allowed.")
    }
  }
}
