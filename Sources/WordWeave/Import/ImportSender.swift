internal import EventLogCore
internal import Gateway
internal import WeaveRuntime

/// What became of an import's commands.
struct ImportOutcome: Sendable {
  /// Commands that wrote events now.
  var done = 0
  /// Commands whose events were there already.
  var repeats = 0
  var failures: [Failure] = []
  /// The highest position that an answer named.
  var position: Int64 = 0

  var answered: Int { done + repeats + failures.count }

  struct Failure: Sendable {
    let command: ImportCommand
    let error: String

    var json: JSONValue {
      [
        "commandID": .string(command.id.description), "kind": .string(command.kind),
        "postID": command.post.map { .string($0.description) } ?? .null,
        "at": .string(command.at.description), "error": .string(error),
      ]
    }
  }
}

/// Sends the commands of a plan, request by request.
///
/// Commands are idempotent by their ids, so a request that broke off is simply sent again.
struct ImportSender {
  /// Tries of one request before the import stops; with the waits between them about a minute.
  private static let tries = 10
  private static let backoff = Backoff(base: .milliseconds(200), cap: .seconds(10))

  let client: AdminClient

  /// Sends all commands of a plan; `report` is called after every answered one.
  func send(
    _ plan: ImportPlan,
    report: (ImportOutcome) -> Void
  ) async throws(ImportStopped) -> ImportOutcome {
    var outcome = ImportOutcome()
    for batch in plan.batches() {
      do {
        try await send(batch, into: &outcome, report: report)
      } catch {
        throw ImportStopped(outcome: outcome, cause: error)
      }
    }
    return outcome
  }

  private func send(
    _ batch: [ImportCommand],
    into outcome: inout ImportOutcome,
    report: (ImportOutcome) -> Void
  ) async throws {
    var open = batch
    var attempt = 0
    while !open.isEmpty {
      try Task.checkCancellation()
      do {
        let answered = try await exchange(open, into: &outcome, report: report)
        open = open.indices.filter { !answered.contains($0) }.map { open[$0] }
        guard !open.isEmpty else { return }
        throw CommandError(
          "sending an import",
          found: "\(open.count) commands without an answer",
          advice: "run the import again",
          code: .unavailable
        )
      } catch let error as CommandError where error.code == .unavailable {
        attempt += 1
        guard attempt < Self.tries else { throw error }
        try await Task.sleep(for: Self.backoff.delay(attempt: attempt))
      }
    }
  }

  /// Sends commands once; answers the places of those that were answered.
  ///
  /// When the answer breaks
  /// off, what came before counts, and the rest is asked again.
  private func exchange(
    _ commands: [ImportCommand],
    into outcome: inout ImportOutcome,
    report: (ImportOutcome) -> Void
  ) async throws -> Set<Int> {
    var body: [UInt8] = []
    for command in commands {
      command.line.write(to: &body)
      body.append(UInt8(ascii: "\n"))
    }
    var answered: Set<Int> = []
    var refused: [(index: Int, line: JSONValue)] = []
    var lines = try await client.lines("POST", "/v1/admin/imports", body: body)
    do {
      while let line = try await lines.next() {
        guard let index = line["index"]?.integer.flatMap({ Int(exactly: $0) }),
          commands.indices.contains(index), answered.insert(index).inserted
        else { continue }
        if line["status"]?.text == "failed" {
          refused.append((index, line))
        } else {
          outcome.count(line, of: commands[index])
          report(outcome)
        }
      }
    } catch let error as CommandError where error.code == .unavailable && !answered.isEmpty {
      // What came counts; the rest is asked again.
    }
    // What failed for want of capacity is asked again, and so is what came after it in the same
    // post and was therefore not tried.
    let waiting = Set(refused.filter { Self.isPassing($0.line) }.map { commands[$0.index].post })
    for (index, line) in refused {
      if waiting.contains(commands[index].post) {
        answered.remove(index)
      } else {
        outcome.count(line, of: commands[index])
        report(outcome)
      }
    }
    return answered
  }

  /// Problems that go away by themselves; an error begins with its kind.
  private static let passing = [
    "overloaded", "upstream-unavailable", "projection-lagging", "deadline-exceeded", "draining",
  ]

  static func isPassing(_ line: JSONValue) -> Bool {
    let kind = line["error"]?.text?.prefix { $0 != ":" } ?? ""
    return passing.contains(String(kind))
  }
}

extension ImportOutcome {
  mutating func count(_ line: JSONValue, of command: ImportCommand) {
    position = max(position, line["position"]?.integer ?? 0)
    switch line["status"]?.text {
    case "done": done += 1
    case "repeat": repeats += 1
    default:
      let error = line["error"]
      failures.append(
        Failure(command: command, error: error?.text ?? error?.serialized ?? "failed")
      )
    }
  }
}

/// An import that did not come to its end; what was answered is in the log.
struct ImportStopped: Error {
  let outcome: ImportOutcome
  let cause: any Error
}
