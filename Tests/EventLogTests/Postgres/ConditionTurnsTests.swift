import EventLogCore
import EventLogPostgres
import Testing

/// Conditions that are searched for in turns, on the server.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct ConditionTurnsTests {
  /// Chunks are of 16, 64 and 256 events, and admission takes 256 steps: the third chunk ends at the
  /// head, with no step left.
  @Test(.timeLimit(.minutes(1)), arguments: [["popular"], ["popular", "other"]])
  func aTurnMayEndAtTheHead(_ tags: [String]) async throws {
    try await PostgresTest.withSchema { test in
      let writer = try await test.open()
      let events = (0..<16 + 64 + 256).map { _ in NewEvent(type: "T", tags: ["popular", "other"]) }
      _ = try await writer.append(AppendRequest(to: nil, events))
      await writer.close()
      // Opened again, it asks the store.
      let log = try await test.open()
      let query = EventQuery([EventQuery.Item(types: ["N"], tags: tags.map { Tag($0) })])
      let condition = AppendCondition(failIfMatches: query, after: .start)
      let request = AppendRequest(to: nil, [NewEvent(type: "N")], condition: condition)
      #expect(try await log.append(request).lastPosition == GlobalPosition(337))
      await log.close()
    }
  }
}
