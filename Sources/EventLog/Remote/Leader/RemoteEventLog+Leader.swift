internal import EventLogCore
internal import GRPCCore
internal import Schemas

// The service may be one of several that share a log, and not the one that appends: it says who
// does, and changes go there.
extension RemoteEventLog {
  /// Sends a change to the service, or to the one that leads if that is another.
  ///
  /// - Parameters:
  ///   - isRepeatable: whether sending it twice writes it once.
  ///   - position: what the answer says was written last.
  ///   - call: sends it over a line.
  /// - Returns: the answer.
  /// - Throws: as `LeaderSearch`.
  func writing<R: Sendable>(
    isRepeatable: Bool,
    position: @Sendable (R) -> UInt64,
    _ call: @Sendable (Line, GRPCCore.Metadata) async throws -> R
  ) async throws(EventLogError) -> R {
    let leader: String?
    let lost: EventLogError?
    do throws(LineFailure) {
      return try await line.tryingToWrite(isRepeatable: isRepeatable) { try await call(line, $0) }
    } catch {
      guard case .notLeader(let address) = error.last else { throw error.outcome }
      leader = address
      // A try before this end told who leads may have been written.
      lost = error.lost
    }
    let answer = try await search.run(
      isRepeatable: isRepeatable,
      startingAt: leader,
      unknown: lost,
      here: { [line] () throws(EventLogError) in
        try await line.writing(isRepeatable: isRepeatable) { try await call(line, $0) }
      },
      there: { [lines, identity] address throws(EventLogError) in
        let leader = LogLeader(address: address, secret: "")
        let line = try lines.line(to: leader, of: identity)
        return try await line.writing(isRepeatable: false) { try await call(line, $0) }
      }
    )
    // Reads go on at the service: there it is to be seen before it is answered here (law L24).
    await see(position(answer))
    return answer
  }

  private func see(_ position: UInt64) async {
    guard position > 0 else { return }
    var request = Wordweave_Events_V1_HeadRequest()
    request.beyond = position - 1
    let message = request
    let client = Wordweave_Events_V1_EventLog.Client(wrapping: line.client)
    // What was written stays written if the service does not answer.
    _ = try? await line.asking { [line] metadata in
      try await client.head(message, metadata: metadata, options: line.options)
    }
  }
}
