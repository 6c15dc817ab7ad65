internal import Synchronization
internal import WeaveRuntime

/// A Redis that may be away: a request is answered in time, or told at once that nobody is there.
///
/// - Shape: one connection with a thread of its own; requests of callers that ask at the same time
///   go out together. `run()` connects, and connects anew after every failure; while it does, and
///   before it runs, requests are refused without waiting.
/// - Units: a request costs at most `commandTimeout`, and an outage costs that once.
/// - Errors: `RedisError`; `isSkip` tells that nothing was sent.
public final class RedisClient: Sendable {
  /// What happened to the connection.
  public enum Change: Sendable {
    /// It is there, or there again.
    case connected
    /// It could not be made, or it ended.
    case failed(RedisError)
  }

  private struct State {
    var circuit = Circuit()
    var queue = RequestQueue()
  }

  /// Where the server is.
  public let settings: RedisSettings
  private let state = Mutex(State())
  private let connection = RedisConnection()
  private let losses = AsyncStream.makeStream(of: RedisError.self)

  /// Makes a client, which does nothing until `run()`.
  public init(_ settings: RedisSettings) { self.settings = settings }

  /// Whether requests are sent now.
  public var isReady: Bool { state.withLock { $0.circuit.isReady } }

  /// Keeps a connection until the task is cancelled; to be called once.
  ///
  /// - Parameter onChange: told of every connection and every failure, on this task.
  public func run(onChange: @Sendable (Change) -> Void = { _ in }) async {
    var losses = losses.stream.makeAsyncIterator()
    while !Task.isCancelled {
      let failure: RedisError?
      do throws(RedisError) {
        try await connection.connect(settings)
        state.withLock { $0.circuit.connected(at: .now) }
        onChange(.connected)
        failure = await losses.next()
      } catch {
        failure = error
      }
      guard let failure, !Task.isCancelled else { break }
      onChange(.failed(failure))
      let wait = state.withLock { $0.circuit.nextWait(random: .random(in: 0...1)) }
      try? await Task.sleep(for: wait)
    }
    state.withLock { $0.circuit.close() }
    await connection.close()
  }

  /// Sends commands in one go and takes their answers in order.
  ///
  /// A command that the server refuses is answered `.refusal`; the others are not touched by it.
  public func run(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisReply] {
    for command in commands { if let complaint = command.complaint { throw complaint } }
    let request = RedisRequest(commands, until: .now + settings.commandTimeout)
    try enqueue(request)
    // Each caller has the queue served; whoever comes first serves the others too.
    await connection.serve {
      self.next()
    } onLoss: { error in
      self.lose(error)
    }
    guard let outcome = request.outcome else {
      preconditionFailure("a queue was served and a request in it was not")
    }
    return try outcome.get()
  }

  /// Sends one command.
  public func run(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
    guard let reply = try await run([command]).first else {
      preconditionFailure("every command has an answer")
    }
    return reply
  }

  private func enqueue(_ request: RedisRequest) throws(RedisError) {
    let refusal: RedisError? = state.withLock { state in
      guard state.circuit.isReady else { return away }
      guard state.queue.add(request) else {
        return RedisError(
          .overloaded,
          attempt: "ask Redis at \(settings.place)",
          found: "\(RedisLimits.queuedRequests) requests are waiting"
        )
      }
      return nil
    }
    if let refusal { throw refusal }
  }

  /// The requests of a turn; while nobody is there, those that wait end at once.
  private func next() -> [RedisRequest] {
    state.withLock { state in
      let requests = state.queue.next(
        state.circuit.isReady ? RedisLimits.turnRequests : RedisLimits.queuedRequests
      )
      guard !state.circuit.isReady else { return requests }
      for request in requests { request.end(.failure(away)) }
      return []
    }
  }

  private func lose(_ error: RedisError) {
    if state.withLock({ $0.circuit.lost(at: .now) }) { losses.continuation.yield(error) }
  }

  private var away: RedisError {
    RedisError(.away, attempt: "ask Redis at \(settings.place)", found: "there is no connection")
  }
}
