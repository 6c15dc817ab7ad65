/// Every type of event has an encoded specimen in the fixtures: what people have stored stays
/// readable.
enum GoldenFileRule {
  /// Event types of an `events.proto` that no file below a folder named Fixtures bears in its name.
  static func findings(schema: SourceFile, fixtures: [String]) -> [Finding] {
    eventTypes(in: schema.text).filter { type in
      !fixtures.contains { path in
        guard let name = path.split(separator: "/").last else { return false }
        return name.split(whereSeparator: { !$0.isLetter }).contains { $0 == type }
      }
    }.map {
      Finding(
        schema.path,
        "declares the event \($0), which has no golden file; add one below Tests/SchemasTests/Fixtures."
      )
    }
  }

  /// Messages that no other message holds: the others are parts of events.
  static func eventTypes(in schema: String) -> [String] {
    let code = schema.split(separator: "\n").map { $0.replacing(/\/\/.*/, with: "") }
      .joined(separator: "\n")
    let messages = code.matches(of: /\bmessage\s+(\w+)/).map { String($0.1) }
    let parts = Set(
      code.matches(of: /(?m)^\s*(?:optional\s+|repeated\s+)?([A-Z]\w*)\s+\w+\s*=/)
        .map { String($0.1) }
    )
    return messages.filter { !parts.contains($0) }
  }
}
