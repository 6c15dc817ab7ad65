import Testing

@testable import EventLogCore

/// How waits for the head end.
@Suite(.timeLimit(.minutes(1))) struct PublishedHeadTests {
  private static let lost = EventLogError.logEpochChanged(head: GlobalPosition(3))

  @Test func whoWaitsIsToldWhyThereIsNoMoreOfTheLog() async throws {
    let log = StandInStorage().engine(head: GlobalPosition(5))
    let waits = (0..<8).map { _ in
      Task { try await log.head(beyond: GlobalPosition(5)) }
    }
    // Those that come later are told the same.
    for _ in 0..<100 { await Task.yield() }
    log.endWaits(Self.lost)
    for wait in waits { await #expect(throws: Self.lost) { try await wait.value } }
    await #expect(throws: Self.lost) { try await log.head(beyond: .start) }
    await log.close()
    await #expect(throws: EventLogError.closed) { try await log.head(beyond: .start) }
  }

  @Test func theFirstReasonStays() async throws {
    let head = PublishedHead(.start)
    head.close(Self.lost)
    head.close()
    head.publish(7)
    await #expect(throws: Self.lost) { try await head.wait(beyond: .start) }
  }
}
