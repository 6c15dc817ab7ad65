internal import ArgumentParser
internal import Gateway

struct AuditTraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Draw what brought an event about, and what it brought about.",
    discussion: """
        wordweave audit trace 0198c0de-0000-7000-8000-000000000001
        wordweave audit trace 1042 --whole
      """
  )

  @Argument(help: "The event's id, or its position.")
  var event: String

  @Flag(help: "Everything that came of the root, not of this event alone.")
  var whole = false

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await connection.withClient(to: .reads) { client in
      let console = output.console
      var query = Query()
      if whole { query.add("whole", "true") }
      let answer = try await client.get(
        "/v1/admin/events/\(Query.encoded(event))/causes",
        query
      )
      if console.isJSON { return console.print(answer) }
      let drawing = CausationDrawing(answer)
      if let origin = drawing.origin { console.print(DisplayText.harmless(origin)) }
      for line in drawing.lines {
        let text = DisplayText.harmless(line.text)
        let cut = console.width.map { DisplayText.cut(text, to: $0) } ?? text
        console.print(line.isAsked ? console.styled(cut, .bold) : cut)
      }
      if answer["isCut"]?.flag == true {
        console.remark("there is more than was followed")
      }
      console.remark("as of position \(answer["position"]?.cell ?? "")")
    }
  }
}

/// A causation tree as lines of text; pure.
struct CausationDrawing {
  struct Line: Equatable {
    let text: String
    /// Whether it is the event that was asked for.
    let isAsked: Bool
  }

  private(set) var lines: [Line] = []
  /// What is said of the cause that the root names; nil if it names none.
  let origin: String?
  private let asked: Int64?
  private let effects: [Int64: [JSONValue]]

  init(_ answer: JSONValue) {
    asked = answer["event"]?.integer
    let nodes = answer["items"]?.items ?? []
    origin = answer["origin"]?.text.map { origin in
      // Causes are followed as long as they lead to an event that was not met on the way.
      nodes.contains { $0["id"]?.text == origin }
        ? "caused by \(origin), which is told below: it causes itself, in a circle"
        : "caused by \(origin), which is no event"
    }
    effects = Dictionary(grouping: nodes) { $0["cause"]?.integer ?? 0 }
    for root in effects[0] ?? [] { draw(root, head: "", body: "") }
  }

  private mutating func draw(_ node: JSONValue, head: String, body: String) {
    let position = node["position"]?.integer ?? 0
    let isAsked = position == asked
    let facts = [
      node["type"]?.cell ?? "", AuditText.place(node), node["actor"]?.cell ?? "",
      AuditText.happened(node), "(\(position))",
    ]
    let text = head + (isAsked ? "▶ " : "") + facts.filter { !$0.isEmpty }.joined(separator: "  ")
    lines.append(Line(text: text, isAsked: isAsked))
    let below = effects[position] ?? []
    for (number, effect) in below.enumerated() {
      let isLast = number == below.count - 1
      draw(effect, head: body + (isLast ? "└─ " : "├─ "), body: body + (isLast ? "   " : "│  "))
    }
  }
}
