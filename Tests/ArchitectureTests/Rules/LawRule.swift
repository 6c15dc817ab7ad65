/// Every law that a contract names exists as a function, and every such function is run.
struct LawRule: Sendable {
  /// The letter of the laws: L for the log, M for messaging.
  let letter: Character
  /// Where the contract names them.
  let contract: [SourceFile]
  /// Where the functions stand: conformance, and the tests of engines for what no other can do.
  let functions: [SourceFile]
  /// Where they are run.
  let tests: [SourceFile]
  /// Laws without a function, and why.
  var admitted: [Int: String] = [:]

  func findings() -> [Finding] {
    let existing = Set(functions.flatMap { Self.lawFunctions(in: $0, letter: letter).keys })
    // Each missing law once, at the first file that names it.
    var known = existing.union(admitted.keys)
    var missing: [Finding] = []
    for file in contract {
      let fresh = Self.named(in: file.text, letter: letter).subtracting(known)
      known.formUnion(fresh)
      missing += fresh.sorted().map {
        Finding(file.path, "names law \(letter)\($0), for which there is no function.")
      }
    }
    let idle = functions.flatMap { file in
      Self.lawFunctions(in: file, letter: letter).values.flatMap { $0 }
        .filter { name in !isRun(name, in: file) }
        .map { Finding(file.path, "declares \($0), which no test runs.") }
    }
    return missing + idle
  }

  /// A function is run when it is a test itself, or when a test or a list of laws names it.
  private func isRun(_ name: String, in file: SourceFile) -> Bool {
    if file.text.contains("@Test"), tests.contains(where: { $0.path == file.path }) { return true }
    let mentions = (tests + functions).reduce(0) { count, file in
      count + (file.text.holds(name) ? file.text.ranges(of: name).count : 0)
    }
    return mentions > 1
  }

  /// Numbers of the laws that a text names, "L31 to L36" written out.
  static func named(in text: String, letter: Character) -> Set<Int> {
    var numbers: Set<Int> = []
    // Both groups are digits; a number too large to be one names no law.
    for match in text.matches(of: /\b([A-Z])(\d{1,2})(?:\s+to\s+[A-Z](\d{1,2}))?\b/)
    where match.1 == String(letter) {
      guard let first = Int(match.2) else { continue }
      let last = match.3.flatMap { Int($0) } ?? first
      numbers.formUnion(first...max(first, last))
    }
    return numbers
  }

  /// Functions such as `L09_afterIsExclusive`, by number.
  static func lawFunctions(in file: SourceFile, letter: Character) -> [Int: [String]] {
    var names: [Int: [String]] = [:]
    for line in file.code where line.holds("func ") {
      guard let match = line.firstMatch(of: /\bfunc\s+(([A-Z])(\d{2})_\w+)/),
        match.2 == String(letter), let number = Int(match.3)
      else { continue }
      names[number, default: []].append(String(match.1))
    }
    return names
  }
}
