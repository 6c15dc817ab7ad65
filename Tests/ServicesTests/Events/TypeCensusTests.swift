import EventLogCore
import EventLogInMemory
import Schemas
import Testing

@testable import EventsService

@Suite struct TypeCensusTests {
  /// A log of thirty events: ten of `A`, then one of `C` after two of `B`.
  private func log() async throws -> InMemoryEventLog {
    let log = InMemoryEventLog()
    for number in 0..<30 {
      let type: EventType = number < 10 ? "A" : number % 3 == 0 ? "C" : "B"
      _ = try await log.append(
        AppendRequest(to: StreamName("s\(number % 2)"), [NewEvent(type: type)])
      )
    }
    return log
  }

  private func counts(_ census: TypeCensus) -> [String: UInt64] {
    Dictionary(uniqueKeysWithValues: census.types.map { ($0.type, $0.events) })
  }

  @Test func theNewestEventsAreCountedAndHowManyTheyAre() async throws {
    let log = try await log()
    let census = try await TypeCensus.count(in: log, newest: 10)
    // Numbers 20 to 29: 21, 24 and 27 are `C`.
    #expect(census.types.map(\.type) == ["B", "C"])
    #expect(counts(census) == ["B": 7, "C": 3])
    #expect(census.counted == 10 && census.newest == 10)
    var answer = Wordweave_Events_V1_StatsResponse()
    census.tell(in: &answer)
    #expect(answer.types.map(\.events) == [7, 3])
    #expect(answer.counted == 10 && answer.countedOf == 10)
    await log.close()
  }

  @Test(arguments: [30, 31, TypeCensus.bound]) func aSmallLogIsCountedAsAWhole(
    _ bound: UInt64
  ) async throws {
    let log = try await log()
    let census = try await TypeCensus.count(in: log, newest: bound)
    #expect(counts(census) == ["A": 10, "B": 14, "C": 6])
    #expect(census.counted == 30 && census.newest == 30)
    await log.close()
  }

  @Test func removedEventsAreNotCounted() async throws {
    let log = try await log()
    _ = try await log.append(.tombstoning("s0"))
    let census = try await TypeCensus.count(in: log, newest: 11)
    #expect(census.counted == 6 && census.newest == 11)
    #expect(census.types.reduce(0) { $0 + $1.events } == census.counted)
    await log.close()
  }

  @Test func anEmptyLogHasNoTypes() async throws {
    let log = InMemoryEventLog()
    let census = try await TypeCensus.count(in: log)
    #expect(census.types.isEmpty && census.counted == 0 && census.newest == 0)
    await log.close()
  }
}
