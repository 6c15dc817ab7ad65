internal import Gateway

/// Something in the input that is not as it should be; it is told and stops nothing.
struct ImportFinding: Sendable, Equatable {
  enum Kind: String, Sendable, CaseIterable {
    /// A file without front matter that never was a post: left out.
    case notAPost = "not-a-post"
    /// Front matter that is not valid YAML, or gone: the post stays as it was.
    case unreadableFrontMatter = "unreadable-front-matter"
    /// A member that stands in the front matter more than once: the last one counts.
    case repeatedMember = "repeated-member"
    /// An author key that the authors file does not know: an account of the key alone.
    case unknownAuthor = "unknown-author"
    /// No author: the revision's author owns the post.
    case noAuthor = "no-author"
    /// A date that is none: the post stays a draft, or keeps its date.
    case unreadableDate = "unreadable-date"
    /// No date: the file name's date stands in.
    case missingDate = "missing-date"
    /// No title: the file name stands in.
    case missingTitle = "missing-title"
    /// A title, tag or list over its limit: cut.
    case cut = "cut"
    /// A body over its limit: the revision is left out.
    case bodyTooLarge = "body-too-large"
    /// A revision that does not fit the ones before: taken as well as it can be.
    case unexpectedChange = "unexpected-change"
    /// A line that is no revision: left out.
    case unreadableLine = "unreadable-line"
  }

  let kind: Kind
  let file: String
  let commit: String
  let detail: String

  var json: JSONValue {
    [
      "kind": .string(kind.rawValue), "file": .string(file), "commit": .string(commit),
      "detail": .string(detail),
    ]
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
  init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member(name: $0.0, value: $0.1) })
  }
}
