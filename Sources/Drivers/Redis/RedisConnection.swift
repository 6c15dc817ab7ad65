internal import WeaveRuntime

/// The session of a client, and the thread that alone touches it.
actor RedisConnection {
  private nonisolated let thread = BlockingThread(name: "redis")
  private var session: RedisSession?

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  func connect(_ settings: RedisSettings) throws(RedisError) {
    session = nil
    session = try RedisSession.connect(settings)
  }

  func close() { session = nil }

  /// Sends what waits, turn by turn, until nothing does.
  ///
  /// - Parameters:
  ///   - next: the requests of the next turn; none ends it.
  ///   - onLoss: told when the connection has failed, before the requests that met it end, so that
  ///     nobody sends another.
  func serve(
    _ next: @Sendable () -> [RedisRequest],
    onLoss: @Sendable (RedisError) -> Void
  ) {
    while true {
      let requests = next()
      guard let oldest = requests.first else { return }
      let outcome: Result<[RedisReply], RedisError>
      do throws(RedisError) {
        guard let session else {
          throw RedisError(.away, attempt: "ask Redis", found: "the connection was closed")
        }
        // The oldest has waited longest: nobody waits longer than the limit.
        outcome = .success(try session.run(requests.flatMap(\.commands), until: oldest.deadline))
      } catch {
        session = nil
        onLoss(error)
        outcome = .failure(error)
      }
      end(requests, outcome)
    }
  }

  private func end(
    _ requests: [RedisRequest],
    _ outcome: Result<[RedisReply], RedisError>
  ) {
    var index = 0
    for request in requests {
      request.end(outcome.map { Array($0[index..<(index + request.commands.count)]) })
      index += request.commands.count
    }
  }
}
