internal import EventLogCore

/// A Markdown file turned into what a post keeps, within the services' limits.
struct PostDraft: Sendable {
  enum Visibility: Sendable, Equatable {
    case draft
    case published(Timestamp)
    /// Published, with a date nobody can read.
    case undated
  }

  let title: String
  let body: String
  let tags: [String]
  /// Author keys in order.
  let authors: [String]
  let visibility: Visibility
  let slug: String
  /// What was cut or stood in.
  private(set) var findings: [(kind: ImportFinding.Kind, detail: String)] = []

  /// Nil if the body is larger than a post may be.
  init?(_ matter: FrontMatter, body: String, file: String, fallbackDate: Timestamp) {
    guard body.utf8.count <= ImportLimits.bodyBytes else { return nil }
    var findings: [(kind: ImportFinding.Kind, detail: String)] = []
    for member in matter.repeated { findings.append((.repeatedMember, "'\(member)'")) }
    var title = matter.title ?? ""
    if title.isEmpty {
      title = FileNames.stem(file)
      findings.append((.missingTitle, "'\(title)' stands in"))
    }
    if title.count > ImportLimits.titleCharacters {
      findings.append((.cut, "the title has \(title.count) characters"))
      title = title.cut(toCharacters: ImportLimits.titleCharacters)
    }
    var tags: [String] = []
    if let category = matter.category {
      if category.count > ImportLimits.tagCharacters {
        findings.append((.cut, "the category has \(category.count) characters"))
      }
      tags = [category.cut(toCharacters: ImportLimits.tagCharacters)]
    }
    switch matter.date {
    case _ where !matter.isPublished: visibility = .draft
    case .moment(let moment): visibility = .published(moment)
    case .absent:
      let moment = FileNames.date(file) ?? fallbackDate
      findings.append((.missingDate, "\(moment) stands in"))
      visibility = .published(moment)
    case .unreadable(let text):
      findings.append((.unreadableDate, "'\(text)'"))
      visibility = .undated
    }
    var authors: [String] = []
    for author in matter.authors where !authors.contains(author) { authors.append(author) }
    self.title = title
    self.body = body
    self.tags = tags
    self.authors = authors
    self.slug = FileNames.slug(file)
    self.findings = findings
  }
}
