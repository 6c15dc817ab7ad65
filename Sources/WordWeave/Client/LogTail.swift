internal import Gateway
internal import WeaveRuntime

/// Follows the log of a running system, through streams that end and troubles that pass.
struct LogTail {
  /// What a line of the stream tells.
  enum News {
    case event(JSONValue)
    /// Everything up to here was shown.
    case caughtUp(Int64)
    /// The log cannot be followed at present; told once, until it could be again.
    case trouble(String)
  }

  let client: AdminClient
  /// The last position that was told.
  private(set) var last: Int64
  /// Up to where it was told that everything was shown: the stream repeats that when nothing happens.
  private var caughtUp: Int64?
  /// Between two streams, since the gateway ends them before it drains.
  var pause = Duration.milliseconds(500)
  /// Between two that ended in trouble.
  var backoff = Backoff(base: .seconds(1), cap: .seconds(30))
  /// How many streams in a row ended in trouble.
  private var troubles = 0

  /// Starts past `position`.
  init(_ client: AdminClient, after position: Int64) {
    self.client = client
    last = position
  }

  /// Follows until the task is cancelled.
  ///
  /// - Throws: `CommandError` for a trouble that does not pass, and when the system is not reached.
  mutating func follow(_ tell: (News) throws -> Void) async throws {
    while true {
      let begin = ContinuousClock.now
      guard let problem = try await stream(tell) else {
        troubles = 0
        // The next stream begins, or says why not.
        try await Task.sleep(for: pause)
        continue
      }
      if problem.isLasting {
        throw CommandError(
          "following the log",
          found: problem.message,
          advice: problem.kind.flatMap { AdminClient.advice(about: $0.status) }
        )
      }
      // Longer than any wait: that was none of a row.
      if begin.duration(to: .now) > backoff.cap { troubles = 0 }
      if troubles == 0 { try tell(.trouble(problem.message)) }
      try await Task.sleep(for: backoff.delay(attempt: troubles))
      troubles += 1
    }
  }

  /// Reads one stream to its end; answers the problem that ended it.
  private mutating func stream(_ tell: (News) throws -> Void) async throws -> StreamProblem? {
    var query = Query()
    query.add("after", last)
    var lines = try await client.lines("GET", "/v1/admin/events/tail", query)
    while let line = try await lines.next() {
      if let event = line["event"] {
        try tell(.event(event))
        last = event["position"]?.integer ?? last
        troubles = 0
      } else if let position = line["caughtUp"]?.integer {
        if position != caughtUp { try tell(.caughtUp(position)) }
        caughtUp = position
      } else if let problem = StreamProblem(line) {
        return problem
      }
    }
    return nil
  }
}

/// What ended a stream of lines, whose status had been sent before.
struct StreamProblem {
  /// Nil for one that this program does not know.
  let kind: Problem.Kind?
  /// For people.
  let message: String

  /// Reads the line that says so; nil if it is another.
  init?(_ line: JSONValue) {
    guard let slug = line["error"]?.text else { return nil }
    kind = Problem.Kind.all.first { $0.slug == slug }
    let told = line["message"]?.text ?? ""
    // A sentence, which becomes a part of one.
    message = told.isEmpty ? slug : told.hasSuffix(".") ? String(told.dropLast()) : told
  }

  /// Whether the same question will be answered the same way: it is wrong, or not allowed, or what
  /// it asks for is damaged.
  var isLasting: Bool {
    if kind == .damaged { return true }
    return switch kind?.status {
    // Too slow, or a lost race.
    case 408?, 409?: false
    case 501?: true
    case let status?: (400..<500).contains(status)
    case nil: false
    }
  }
}
