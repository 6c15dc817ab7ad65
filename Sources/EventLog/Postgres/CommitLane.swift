internal import EventLogCore
internal import PostgresDriver

/// A transaction that takes in the rows of the next commit while the one before it is written.
///
/// Whoever drops it undoes it: its session ends.
///
/// `@unchecked Sendable`: in the hands of one thread at a time, with its batch.
final class CommitLane: StagedRows, @unchecked Sendable {
  private var session: PostgresSession?
  private var hasBegun = false

  /// Takes a session that nobody else uses.
  init(_ session: PostgresSession) { self.session = session }

  deinit { session?.close() }

  /// Whether its session is believed to be there.
  var isSound: Bool { session?.isOpen ?? false }

  /// Adds rows; what the server says to them is heard at the end of the transaction.
  ///
  /// - Throws: what makes the lane of no use.
  func add(_ rows: CommitRows) throws(PostgresError) {
    guard let session else { return }
    do throws(PostgresError) {
      let calls = try take(rows, over: session)
      if !calls.isEmpty { try session.sendAhead(calls) }
    } catch {
      self.session = nil
      session.close()
      throw error
    }
  }

  /// Begins the transaction if it has not begun and copies the rows that are many; answers the
  /// statements that are left to be sent.
  private func take(
    _ rows: CommitRows,
    over session: PostgresSession
  ) throws(PostgresError) -> [PostgresCall] {
    let begin = hasBegun ? [] : [PostgresStatement.begin()]
    hasBegun = true
    guard !rows.copies.isEmpty else { return begin + rows.calls }
    if !begin.isEmpty { try session.run(begin) }
    for copy in rows.copies { try session.copy(copy) }
    return []
  }

  /// Ends the transaction with these statements, the last of which is COMMIT.
  ///
  /// - Returns: the session, which is free again.
  func commit(_ rows: CommitRows, _ last: [PostgresCall]) throws(PostgresError) -> PostgresSession {
    guard let session, session.isOpen else {
      throw PostgresError(.connectionLost, attempt: "commit", found: "the session was lost before")
    }
    self.session = nil
    do throws(PostgresError) {
      let end = try session.run(take(rows, over: session) + last).last?.commandTag ?? "nothing"
      guard end == "COMMIT" else {
        throw PostgresError(.refused, attempt: "commit", found: "the server answered \(end)")
      }
      return session
    } catch {
      // Nobody is to find himself inside what is left of this.
      session.close()
      throw error
    }
  }
}
