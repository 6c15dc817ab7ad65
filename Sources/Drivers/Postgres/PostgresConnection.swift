internal import WeaveRuntime

/// A session for tasks: an actor with a thread of its own.
///
/// - Shape: as `PostgresSession`. A cancelled task makes the server stop its statement.
/// - Errors: `PostgresError`; a cancelled statement is refused with 57014.
public actor PostgresConnection {
  private nonisolated let thread: BlockingThread
  private let session: PostgresSession
  private nonisolated let canceller: BlockingPool
  private nonisolated let cancellation: PostgresCancellation

  /// The connection's own thread.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }

  private init(_ session: PostgresSession, _ canceller: BlockingPool) {
    self.session = session
    self.canceller = canceller
    cancellation = session.cancellation
    thread = BlockingThread(name: "postgres")
  }

  /// Connects.
  public static func connect(
    _ settings: PostgresSettings
  ) async throws(PostgresError) -> PostgresConnection {
    // Cancelling connects and waits, so it needs a thread that is not the busy one.
    let canceller = BlockingPool(name: "postgres-cancel", threads: 1)
    let session = try await canceller.run { () throws(PostgresError) in
      try PostgresSession.connect(settings)
    }
    return PostgresConnection(session, canceller)
  }

  /// Runs statements in one round trip and gives their answers in order.
  @discardableResult
  public func run(_ calls: [PostgresCall]) async throws(PostgresError) -> [PostgresRows] {
    try await cancellable { session throws(PostgresError) in try session.run(calls) }
  }

  /// Runs one statement.
  @discardableResult
  public func run(_ call: PostgresCall) async throws(PostgresError) -> PostgresRows {
    try await cancellable { session throws(PostgresError) in try session.run(call) }
  }

  /// Runs `body` in a transaction, which is undone if it throws.
  ///
  /// - Throws: what `body` throws; `.connectionLost` from the commit leaves open whether it took
  ///   place.
  public func transaction<R: Sendable>(
    _ body: @Sendable (PostgresSession) throws(PostgresError) -> R
  ) async throws(PostgresError) -> R {
    try await cancellable { session throws(PostgresError) in
      try session.run(PostgresStatement.begin())
      do throws(PostgresError) {
        let result = try body(session)
        try session.run(PostgresStatement.commit())
        return result
      } catch {
        if session.isOpen { _ = try? session.run(PostgresStatement.rollback()) }
        throw error
      }
    }
  }

  /// Visits the rows of one statement as they arrive.
  public func forEachRow(
    of call: PostgresCall,
    _ visit: @Sendable (PostgresRows) -> Void
  ) async throws(PostgresError) {
    try await cancellable { session throws(PostgresError) in
      _ = try session.forEachRow(of: call) { rows throws(Never) in visit(rows) }
    }
  }

  /// Ends the session.
  public func close() { session.close() }

  private func cancellable<R: Sendable>(
    _ body: (PostgresSession) throws(PostgresError) -> R
  ) async throws(PostgresError) -> R {
    guard !Task.isCancelled else {
      throw PostgresError(.skipped, attempt: "run a statement", found: "the task was cancelled")
    }
    let session = session
    let outcome: Result<R, PostgresError> = await withTaskCancellationHandler {
      do throws(PostgresError) {
        return .success(try body(session))
      } catch {
        return .failure(error)
      }
    } onCancel: {
      let cancellation = cancellation
      Task { await canceller.run { _ = cancellation.cancel() } }
    }
    return try outcome.get()
  }
}
