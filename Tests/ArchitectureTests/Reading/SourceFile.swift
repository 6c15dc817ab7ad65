internal import Glibc

/// A file of the project, read once, with what the rules ask of it.
struct SourceFile: Sendable {
  /// The path below the project's folder.
  let path: String
  /// The text as it stands.
  let text: String
  /// The text without comments and literals, by line.
  let code: [String]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    code = path.hasSuffix(".swift") ? MaskedSource.lines(of: text).map(String.init) : []
  }

  /// The name without folders.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  /// The folders above it, joined by slashes.
  var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }

  /// Whether the file lies in a folder or below it.
  func isIn(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }
}

/// Something a rule objects to, as a sentence that says what to do.
struct Finding: Hashable, Sendable, CustomStringConvertible {
  let path: String
  /// From 1; nil when the whole file or folder is meant.
  let line: Int?
  let sentence: String

  init(_ path: String, line: Int? = nil, _ sentence: String) {
    self.path = path
    self.line = line
    self.sentence = sentence
  }

  var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(sentence)" }
}

extension Collection where Element == Finding {
  /// All sentences, one a line, as the comment of a failed expectation.
  var report: String { map(\.description).sorted().joined(separator: "\n") }
}

extension StringProtocol {
  /// Whether a text stands in it, as bytes.
  ///
  /// Rules ask this before they match a pattern: they look at every line of the project, and a
  /// regular expression on each takes longer than all other tests of the architecture.
  func holds(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { wanted in
      utf8.withContiguousStorageIfAvailable { bytes in
        guard let letters = wanted.baseAddress else { return true }
        guard var place = bytes.baseAddress.map(UnsafeRawPointer.init) else { return false }
        let end = place + bytes.count
        while end - place >= wanted.count,
          let found = memchr(place, Int32(letters[0]), end - place - wanted.count + 1)
        {
          if memcmp(found, letters, wanted.count) == 0 { return true }
          place = UnsafeRawPointer(found) + 1
        }
        return false
      }
    } ?? contains(text)
  }
}
