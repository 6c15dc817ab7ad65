import Glibc
import Testing
import Yams

@testable import WordWeave

/// The history of a real blog, where it lies beside the package or in `WORDWEAVE_SHARED`.
enum SharedBlog {
  static let comment: Comment =
    "the shared blog lies neither beside the package nor in WORDWEAVE_SHARED"

  static let folder: String = {
    var shared = environment("WORDWEAVE_SHARED") ?? ""
    if shared.isEmpty {
      let package = #filePath.split(separator: "/").dropLast(4)
      shared = package.dropLast().reduce("") { $0 + "/" + $1 } + "/shared"
    }
    return shared + "/realdata/swift-org-blog"
  }()

  /// Whether tests use it: it is there, or it must be, and then they fail without it.
  static var isThere: Bool {
    access(folder + "/revisions.ndjson", R_OK) == 0
      || (environment("WORDWEAVE_REQUIRE") ?? "").split(separator: ",").contains("shared")
  }

  static var revisions: String { folder + "/revisions.ndjson" }
  static var authors: String { folder + "/authors.yml" }

  /// Writes the first changes of the history into a file of their own.
  static func firstRevisions(_ count: Int, to file: String) throws {
    let lines = try Files.read(revisions).split(separator: UInt8(ascii: "\n")).prefix(count)
    let bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
    guard let stream = fopen(file, "w") else { throw Trouble("writing \(file)", errno) }
    defer { fclose(stream) }
    guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else {
      throw Trouble("writing \(file)", errno)
    }
  }

  /// A file of `posts/`, read apart from the code under test.
  struct Post {
    let file: String
    let slug: String
    let title: String
    let body: [UInt8]
    let authors: [String]
    let category: String?
    /// As the file has it.
    let date: String
  }

  static func posts() throws -> [Post] {
    try Files.list(folder + "/posts").map { entry in
      let text = try Files.text(folder + "/posts/" + entry.name)
      let (yaml, body) = parts(text)
      // Some files name a member twice, which Jekyll takes and Yams refuses.
      let lines = yaml.split(separator: "\n")
      let once = lines.indices.filter { index in
        let member = lines[index].prefix { $0 != ":" } + ":"
        return member.hasPrefix(" ") || !lines[(index + 1)...].contains { $0.hasPrefix(member) }
      }
      let members =
        try Yams.load(yaml: once.map { lines[$0] }.joined(separator: "\n")) as? [String: Any] ?? [:]
      let date = lines.first { $0.hasPrefix("date:") }?.dropFirst(5) ?? ""
      return Post(
        file: entry.name,
        slug: FileNames.slug(entry.name),
        title: members["title"] as? String ?? "",
        body: Array(body.utf8),
        authors: members["author"] as? [String]
          ?? (members["author"] as? String).map { [$0] } ?? [],
        category: members["category"] as? String,
        date: date.stripped
      )
    }
  }

  /// Text between the first two fences, and all after the second.
  private static func parts(_ text: String) -> (yaml: String, body: String) {
    let rest = text.dropFirst("---\n".count)
    var yaml = ""
    var place = rest.startIndex
    while place < rest.endIndex {
      let end = rest[place...].firstIndex(of: "\n").map { rest.index(after: $0) } ?? rest.endIndex
      let line = rest[place..<end]
      place = end
      if line.stripped == "---" { return (yaml, String(rest[place...])) }
      yaml += line
    }
    return (yaml, "")
  }
}
