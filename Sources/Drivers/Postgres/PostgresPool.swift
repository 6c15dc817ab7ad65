internal import WeaveRuntime

/// A bounded set of sessions for threads that may block.
///
/// Sessions are made when they are first needed and kept. One that was lost is replaced by the
/// next borrower.
public final class PostgresPool: Sendable {
  private struct State: Sendable {
    var idle: [PostgresSession] = []
    var borrowed = 0
    /// How often all sessions were given up.
    var renewals = 0
    var isClosed = false
  }

  private enum Turn {
    case session(PostgresSession)
    case make
    case closed
  }

  /// How the sessions are made.
  public let settings: PostgresSettings
  private let bound: Int
  private let state = Monitor(State())

  /// Makes a pool of at most `bound` sessions.
  public init(_ settings: PostgresSettings, bound: Int) {
    precondition(bound > 0, "a pool without sessions would never lend one")
    self.settings = settings
    self.bound = bound
  }

  /// Lends a session; waits for one if all are lent.
  public func withSession<R>(
    _ body: (PostgresSession) throws(PostgresError) -> R
  ) throws(PostgresError) -> R {
    var renewals = 0
    let turn: Turn = state.wait { state in
      renewals = state.renewals
      if state.isClosed { return .closed }
      if let session = state.idle.popLast() {
        state.borrowed += 1
        return .session(session)
      }
      guard state.borrowed < bound else { return nil }
      state.borrowed += 1
      return .make
    }
    var session: PostgresSession?
    defer { giveBack(session, renewals) }
    switch turn {
    case .closed:
      throw PostgresError(.closed, attempt: "borrow a session", found: "the pool was closed")
    case .session(let idle): session = idle
    case .make: session = try PostgresSession.connect(settings)
    }
    guard let session else { preconditionFailure("a session was just lent") }
    return try body(session)
  }

  /// Reads over a session, and once more over a new one if the first was lost meanwhile.
  ///
  /// For statements that may be run twice.
  public func reading<R>(
    _ body: (PostgresSession) throws(PostgresError) -> R
  ) throws(PostgresError) -> R {
    do throws(PostgresError) {
      return try withSession(body)
    } catch {
      guard error.endsConnection, error.code != .closed, error.code != .timedOut else {
        throw error
      }
      // All sessions shared the fate of this one, most likely.
      renew()
      return try withSession(body)
    }
  }

  /// Gives up all sessions, and those that are lent when they come back.
  ///
  /// For sessions with a server that is not to be asked any more: new ones may meet another.
  public func renew() {
    let idle = state.withLock { state in
      state.renewals += 1
      defer { state.idle = [] }
      return state.idle
    }
    for session in idle { session.close() }
  }

  private func giveBack(_ session: PostgresSession?, _ renewals: Int) {
    let isSound = session.map { $0.isOpen && !$0.isInTransaction } ?? false
    let isKept = state.withLock { state in
      // A closed pool lent nothing; what came late was counted all the same.
      state.borrowed = max(0, state.borrowed - 1)
      guard let session, isSound, !state.isClosed, state.renewals == renewals else { return false }
      state.idle.append(session)
      return true
    }
    if !isKept { session?.close() }
    state.signal()
  }

  /// Closes the idle sessions and, when they come back, the others.
  public func close() {
    state.withLock { $0.isClosed = true }
    renew()
    state.signal()
  }
}
