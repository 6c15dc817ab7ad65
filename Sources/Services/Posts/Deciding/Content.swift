internal import EventLogCore

/// What an author writes.
package struct Content: Hashable, Sendable {
  package var title: String
  package var summary: String
  package var body: String
  package var tags: [String]
  package var cover: String
  /// Empty stands for the owner.
  package var byline: [String]

  package init(
    title: String = "",
    summary: String = "",
    body: String = "",
    tags: [String] = [],
    cover: String = "",
    byline: [String] = []
  ) {
    self.title = title
    self.summary = summary
    self.body = body
    self.tags = tags
    self.cover = cover
    self.byline = byline
  }

  /// Whether every member has the same bytes: a body of other bytes is another body, even where
  /// Unicode calls both equal.
  package static func == (left: Content, right: Content) -> Bool {
    left.title.hasSameBytes(as: right.title) && left.summary.hasSameBytes(as: right.summary)
      && left.body.hasSameBytes(as: right.body) && left.cover.hasSameBytes(as: right.cover)
      && left.tags.haveSameBytes(as: right.tags) && left.byline.haveSameBytes(as: right.byline)
  }
}

extension [String] {
  fileprivate func haveSameBytes(as other: [String]) -> Bool {
    elementsEqual(other) { $0.hasSameBytes(as: $1) }
  }
}

/// New values of some members of a post.
package struct ContentChange: Hashable, Sendable {
  package var title: String?
  package var summary: String?
  package var body: String?
  package var tags: [String]?
  package var cover: String?
  package var byline: [String]?
  /// The address asked for; empty takes a wish back.
  package var slug: String?
  /// The revision whose content is brought back.
  package var restoredFrom: UInt64?

  package init(
    title: String? = nil,
    summary: String? = nil,
    body: String? = nil,
    tags: [String]? = nil,
    cover: String? = nil,
    byline: [String]? = nil,
    slug: String? = nil,
    restoredFrom: UInt64? = nil
  ) {
    self.title = title
    self.summary = summary
    self.body = body
    self.tags = tags
    self.cover = cover
    self.byline = byline
    self.slug = slug
    self.restoredFrom = restoredFrom
  }

  /// Every member of an earlier content.
  package init(restoring content: Content, from revision: UInt64) {
    self.init(
      title: content.title,
      summary: content.summary,
      body: content.body,
      tags: content.tags,
      cover: content.cover,
      byline: content.byline,
      restoredFrom: revision
    )
  }

  /// The names of the members that it holds, as in JSON.
  package var members: [String] {
    var names: [String] = []
    if title != nil { names.append("title") }
    if summary != nil { names.append("summary") }
    if body != nil { names.append("body") }
    if tags != nil { names.append("tags") }
    if cover != nil { names.append("cover") }
    if byline != nil { names.append("byline") }
    if slug != nil { names.append("slug") }
    return names
  }

  package func applied(to content: Content) -> Content {
    Content(
      title: title ?? content.title,
      summary: summary ?? content.summary,
      body: body ?? content.body,
      tags: tags ?? content.tags,
      cover: cover ?? content.cover,
      byline: byline ?? content.byline
    )
  }

  /// The members that differ, byte for byte, from what there is.
  package func without(_ content: Content, slug present: String) -> ContentChange {
    func differing(_ new: String?, _ old: String) -> String? {
      new.flatMap { $0.hasSameBytes(as: old) ? nil : $0 }
    }
    func differing(_ new: [String]?, _ old: [String]) -> [String]? {
      new.flatMap { $0.haveSameBytes(as: old) ? nil : $0 }
    }
    return ContentChange(
      title: differing(title, content.title),
      summary: differing(summary, content.summary),
      body: differing(body, content.body),
      tags: differing(tags, content.tags),
      cover: differing(cover, content.cover),
      byline: differing(byline, content.byline),
      slug: differing(slug, present),
      restoredFrom: restoredFrom
    )
  }
}
