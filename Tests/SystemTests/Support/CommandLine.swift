import Gateway
@testable import WordWeave

/// What a command printed, and how it ended.
struct Outcome {
  let code: Int32
  let printed: String
  let complaints: String

  /// The last line it printed, as JSON.
  func json() throws -> JSONValue {
    try JSONValue(parsing: Array((printed.split(separator: "\n").last ?? "").utf8))
  }
}

/// Runs the command line to its end.
func wordweave(_ arguments: String..., in scratch: Scratch) async throws -> Outcome {
  let child = try start(arguments, in: scratch)
  let code = try await child.end()
  return Outcome(code: code, printed: child.printed, complaints: child.complaints)
}

/// Starts the command line; what it prints goes to `device` if one is named.
func start(
  _ arguments: [String],
  in scratch: Scratch,
  printingTo device: String? = nil
) throws -> Child {
  let name = "/command-\(UInt64.random(in: 0...UInt64.max))"
  return try Child(
    Child.wordweave,
    arguments,
    output: scratch.path + name,
    printingTo: device
  )
}
