/// One figure: a question with a table as its answer.
protocol Figure: Sendable {
  /// What it is called on the command line.
  static var name: String { get }
  /// What is measured, beside which yardstick.
  static var sentence: String { get }
  /// Measures.
  static func run(_ settings: Settings) async throws -> Table
}
