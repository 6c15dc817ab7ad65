internal import Gateway

/// Follows work that the system reports line by line.
struct LongWork {
  let label: String
  let console: Console
  /// What Ctrl-C leaves behind.
  var whenStopped = "the system was told to stop; run the same command again to go on"

  /// Shows progress until the line that says it is finished, which is answered.
  func follow(_ lines: JSONLines) async throws -> JSONValue {
    var lines = lines
    var progress = Progress(label, on: console)
    var last: JSONValue?
    do {
      while let line = try await lines.next() {
        last = line
        progress.show(
          ProgressState(
            done: line["done"]?.integer ?? 0,
            total: line["total"]?.integer,
            rate: line["rate"]?.figure,
            phase: line["phase"]?.text ?? ""
          )
        )
        if line["finished"]?.flag == true {
          progress.finish()
          if let problem = line["error"]?.text {
            let found = line["message"]?.text ?? ""
            throw CommandError(label.lowercased(), found: found.isEmpty ? problem : found)
          }
          return line
        }
      }
    } catch is CancellationError {
      progress.finish()
      throw CommandError(
        label.lowercased(),
        found: "stopped",
        advice: whenStopped,
        code: .interrupted
      )
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    throw CommandError(
      label.lowercased(),
      found: "the report broke off\(last?["message"]?.text.map { " (\($0))" } ?? "")",
      advice: "look at `wordweave projections list`, then run the command again",
      code: .unavailable
    )
  }
}
