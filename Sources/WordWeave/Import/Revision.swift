internal import EventLogCore
internal import Gateway

/// One change of one file in a repository's history.
struct Revision: Sendable, Equatable {
  enum Change: String, Sendable {
    case added, modified, renamed, deleted
  }

  let commit: String
  let at: Timestamp
  /// A display name.
  let author: String
  let change: Change
  let file: String
  /// The former name, of a renamed file.
  let from: String?
  /// The whole file after the change; nil when it was deleted.
  let content: String?
}

extension Revision {
  /// Reads the lines of a file of revisions, oldest first; what is none is told.
  static func read(lines bytes: [UInt8]) -> (revisions: [Revision], findings: [ImportFinding]) {
    var revisions: [Revision] = []
    var findings: [ImportFinding] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      do {
        revisions.append(try Revision(JSONValue(parsing: Array(line))))
      } catch {
        findings.append(
          ImportFinding(
            kind: .unreadableLine,
            file: "",
            commit: "",
            detail: "line \(index + 1): \(error)"
          )
        )
      }
    }
    return (revisions, findings)
  }

  private struct Unreadable: Error, CustomStringConvertible { let description: String }

  private init(_ json: JSONValue) throws {
    func text(_ name: String) throws -> String {
      guard let text = json[name]?.text else { throw Unreadable(description: "no text '\(name)'") }
      return text
    }
    commit = try text("commit")
    author = try text("author")
    file = try text("file")
    from = json["from"]?.text
    content = json["content"]?.text
    guard let at = Timestamp(try text("at")) else {
      throw Unreadable(description: "'at' is no RFC 3339 time")
    }
    self.at = at
    guard let change = Change(rawValue: try text("change")) else {
      throw Unreadable(description: "'change' is none of added, modified, renamed, deleted")
    }
    self.change = change
  }
}
