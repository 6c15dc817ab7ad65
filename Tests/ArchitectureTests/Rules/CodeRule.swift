/// Code that is refused, and the folders or files where a reason admits it.
struct CodeRule: Sendable {
  /// What the code says.
  let pattern: String
  /// Why it is refused and what to write instead.
  let sentence: String
  /// Where it may stand, and why.
  let admitted: [(path: String, reason: String)]

  init(
    _ pattern: String,
    _ sentence: String,
    except admitted: [(path: String, reason: String)] = []
  ) {
    self.pattern = pattern
    self.sentence = sentence
    self.admitted = admitted
  }

  func findings(in file: SourceFile) -> [Finding] {
    guard !admitted.contains(where: { file.path == $0.path || file.isIn($0.path) }) else {
      return []
    }
    return file.code.enumerated().compactMap { number, line in
      guard line.holds(pattern), Self.holds(line, pattern) else { return nil }
      return Finding(file.path, line: number + 1, "says `\(pattern)`; \(sentence)")
    }
  }

  /// Whether `pattern` stands in `line` on its own: `print(` is not found in `fingerprint(`.
  static func holds(_ line: String, _ pattern: String) -> Bool {
    line.ranges(of: pattern).contains { range in
      guard range.lowerBound > line.startIndex else { return true }
      let before = line[line.index(before: range.lowerBound)]
      return !(before.isLetter || before.isNumber || before == "_" || before == ".")
    }
  }

  static let all =
    threads + endings + [
      CodeRule(
        "print(",
        "a library logs, a command writes through its terminal.",
        except: [("Sources/WordWeave", "commands answer on standard output")]
      )
    ]

  /// Only Runtime makes threads.
  static let threads = [
    "pthread_create(", "Thread(", "Thread.detachNewThread", "DispatchQueue",
  ].map {
    CodeRule(
      $0,
      "only Runtime makes threads: use BlockingPool or Thread.start of WeaveRuntime.",
      except: [("Sources/Runtime", "the room that makes them")]
    )
  }

  /// Endings of the process that nobody can handle.
  static let endings = [
    CodeRule("try!", "throw, or prove it with a precondition that says why."),
    CodeRule("fatalError(", "a bug is a precondition with a sentence, everything else is thrown."),
  ]
}

/// Words in comments that stand for work left behind.
enum LeftoverRule {
  /// Beginnings of the words, cut so that they do not stand here.
  private static let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]

  static func findings(in file: SourceFile) -> [Finding] {
    guard marks.contains(where: file.text.holds) else { return [] }
    return file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .compactMap {
        number,
        line in
        guard marks.contains(where: line.holds),
          let match = line.firstMatch(of: /\b(TO[D]O|FIXM[E]|XX[X])\b/)
        else { return nil }
        return Finding(file.path, line: number + 1, "says \(match.1); do it, or leave it out.")
      }
  }
}
