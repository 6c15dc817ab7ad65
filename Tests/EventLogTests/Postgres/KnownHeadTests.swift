import EventLogCore
import Testing

@testable import EventLogPostgres

@Suite struct KnownHeadTests {
  @Test func aHeadCountsInItsOwnEpoch() {
    let identity = LogIdentity(id: .make(), epoch: 2, epochEnds: [GlobalPosition(103)])
    let known = KnownHead(identity, head: 100)
    // What the first epoch ended with is in the second.
    #expect(known.raise(to: 103, in: 1))
    #expect(known.number == 103)
    #expect(!known.raise(to: 105, in: 1))
    // Of an epoch that was not judged yet.
    #expect(!known.raise(to: 107, in: 3))
    #expect(known.number == 103)
    #expect(known.raise(to: 104, in: 2))
    #expect(known.number == 104)
    // It never goes back.
    #expect(known.raise(to: 101, in: 2))
    #expect(known.number == 104)
  }
}
