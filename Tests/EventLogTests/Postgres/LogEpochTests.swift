import EventLogCore
import PostgresDriver
import Testing

@testable import EventLogPostgres

/// The log begins an epoch under processes that have it open.
@Suite(.enabled(if: Server.postgres.isAvailable))
struct LogEpochTests {
  /// The reads that are not bound to the head that was published here.
  enum Read: CaseIterable, Sendable {
    case stream
    case streams
  }

  /// It would count for the epoch before, which it lies behind: as an event that was lost.
  @Test(arguments: Read.allCases)
  func nothingOfAnEpochIsReadBeforeItIsKnown(_ read: Read) async throws {
    try await PostgresTest.withSchema { test in
      let leader = try await test.open("a:1")
      for number in 1...3 { _ = try await leader.append(.marked(number, to: "s")) }
      await leader.close()
      // The last event is put aside, to come again in the next epoch, and another leads.
      try test.run(
        "CREATE TABLE kept AS TABLE event",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DELETE FROM event WHERE position = 3",
        """
        UPDATE log_head SET head = 2, leader_epoch = leader_epoch + 1, holder = 'b',
          address = 'b:1', lease_until = clock_timestamp() + interval '1 hour'
        """
      )
      let reader = try await test.open("c:1", lease: .seconds(60), poll: .seconds(60))
      #expect(try await reader.head() == GlobalPosition(2))
      try test.run(
        "INSERT INTO event SELECT * FROM kept WHERE position = 3",
        "UPDATE log_head SET head = 3, log_epoch = 2, epoch_ends = '{2}'"
      )
      // Sooner than the minute until its next look.
      try await until("it is read") {
        do throws(EventLogError) {
          switch read {
          case .stream:
            let page = try await reader.read("s", from: .first, direction: .forward, limit: 9)
            #expect(page.events.count == 3)
          case .streams:
            let streams = try await reader.streams(limit: 9)
            #expect(streams.map(\.name) == ["s"])
          }
          #expect(reader.identity.epochNumber == 2)
          return true
        } catch {
          guard case .unavailable = error else { throw error }
          return false
        }
      }
      #expect(try await reader.head() == GlobalPosition(3))
      await reader.close()
    }
  }

  /// It was on its way to a server that the log has left.
  @Test func aCommitBehindTheEndOfItsEpochIsNotPublished() async throws {
    try await PostgresTest.withSchema { test in
      let log = try await test.open("a:1")
      for number in 1...3 { _ = try await log.append(.marked(number, to: "s")) }
      // The keeper sees the epoch that another has begun.
      try test.run("UPDATE log_head SET log_epoch = 2, epoch_ends = '{3}'")
      let session = try test.session()
      let seen = try LogHead(try session.run(LogHeadStatements.look(.int8(0))))
      session.close()
      #expect(log.note(LogSight(head: seen, known: 3)))
      #expect(log.identity.epochNumber == 2)
      // The end of the epoch is in the next one as well.
      log.publish(3, in: 1)
      #expect(try await log.head() == GlobalPosition(3))
      log.publish(5, in: 1)
      #expect(log.known.number == 3)
      await #expect(throws: EventLogError.logEpochChanged(head: GlobalPosition(3))) {
        try await log.head()
      }
      await log.close()
    }
  }
}
