/// Words that the vocabulary replaces, in names that other rooms see.
struct VocabularyRule: Sendable {
  /// The word, or words in a row, and what to say instead.
  static let refused: [(words: [String], instead: String)] = [
    (["offset"], "position, revision or checkpoint"),
    (["sequence", "number"], "position or revision"),
    (["aggregate", "root"], "stream or decider"),
    (["dto"], "the name of the thing"),
    (["manager"], "the name of what it does"),
    (["helper"], "the name of what it does"),
    (["util"], "the name of what it does"),
    (["utils"], "the name of what it does"),
    (["utility"], "the name of what it does"),
  ]
  /// Names that a foreign format prescribes: file or folder, name, and why.
  var admitted: [(path: String, name: String, reason: String)] = [
    ("Sources/EventLog/Core/Model/Envelope.swift", "Offset", "places of bytes in a stored record"),
    ("Sources/Gateway/HTTP/JSON/JSONReader.swift", "offset", "a place of a byte in a JSON text"),
  ]

  func findings(in file: SourceFile) -> [Finding] {
    file.code.enumerated().flatMap { number, line in
      Self.publicNames(in: line).compactMap { name in
        let isAdmitted = admitted.contains {
          $0.name == name && (file.path == $0.path || file.isIn($0.path))
        }
        guard !isAdmitted, let (words, instead) = Self.refusal(of: name) else { return nil }
        return Finding(
          file.path,
          line: number + 1,
          "declares \(name); the vocabulary says \(instead) for \(words.joined(separator: " "))."
        )
      }
    }
  }

  static func refusal(of name: String) -> (words: [String], instead: String)? {
    let words = words(of: name)
    return refused.first { refused, _ in
      words.indices.contains { words[$0...].starts(with: refused) }
    }
  }

  /// What a line declares for other rooms: names and the labels of their parameters.
  static func publicNames(in line: String) -> [String] {
    guard ["public ", "package ", "open ", "public(", "package("].contains(where: line.holds),
      let match = line.firstMatch(
        of:
          /\b(?:public|package|open)\b(?:\([a-z]+\))?(?:\s+[a-z@()]+)*?\s+(?:let|var|func|struct|class|enum|actor|protocol|typealias|case|init)\b\s*(\w*)(.*)/
      )
    else { return [] }
    let labels = match.2.matches(of: /[(,]\s*(\w+)(?:\s+\w+)?\s*:/).map { String($0.1) }
    return ([String(match.1)] + labels).filter { !$0.isEmpty }
  }

  /// `eventIDOffset` → event, id, offset.
  static func words(of name: String) -> [String] {
    name.matches(of: /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/).map { $0.0.lowercased() }
  }
}
