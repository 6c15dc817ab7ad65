import EventLogCore
import Testing

@Suite struct ConditionSearchTests {
  private static func search(
    _ query: EventQuery,
    after: UInt64 = 0,
    upTo head: UInt64
  ) -> ConditionSearch {
    let condition = AppendCondition(failIfMatches: query, after: GlobalPosition(after))
    return ConditionSearch(
      PreparedCondition(condition, hashing: { TextHash($0, as: $1) }),
      upTo: head
    )
  }

  @Test func whatWasSearchedIsNotSearchedAgain() {
    let search = Self.search(.tags("x"), after: 3, upTo: 10)
    #expect(!search.isDone && search.place == 4 && search.last == 10)
    search.end()
    #expect(search.isDone && search.match == nil)
    search.extend(to: 10)
    #expect(search.isDone)
    search.extend(to: 15)
    #expect(!search.isDone && search.after == 10 && search.place == 11 && search.last == 15)
    search.found(13)
    #expect(search.last == 12)
    search.end()
    search.extend(to: 20)
    #expect(search.isDone && search.match == 13)
  }

  @Test func nothingIsSearchedBehindTheHead() {
    for after: UInt64 in [10, 11, .max] {
      let search = Self.search(.tags("x"), after: after, upTo: 10)
      #expect(search.isDone && search.match == nil)
    }
  }

  @Test func aListIsFollowedOnce() {
    let oneTag = EventQuery(
      (0..<1000).map { EventQuery.Item(types: [EventType("N\($0)")], tags: ["popular"]) }
    )
    #expect(Self.search(oneTag, upTo: 1).lists.count == 1)
    let mixed = EventQuery([
      EventQuery.Item(types: ["A", "B"]), EventQuery.Item(types: ["B", "A", "C"]),
      EventQuery.Item(types: ["A"], tags: ["x", "y"]), EventQuery.Item(tags: ["y", "x", "y"]),
      EventQuery.Item(tags: ["x"]), EventQuery.Item(types: ["D"], tags: ["x"]),
    ])
    let lists = Self.search(mixed, upTo: 1).lists
    #expect(lists.count == 5 && Set(lists).count == 5)
    #expect(lists.count { $0.isOfType } == 3)
    #expect(lists.map(\.hashes.count).max() == 2)
  }

  @Test func anEarlierMatchEndsTheListsThatAreLeft() {
    let search = Self.search(.types("A", "B", "C"), upTo: 10)
    #expect(search.list == 0)
    search.found(7)
    search.endList()
    #expect(search.list == 1 && search.place == 1 && search.last == 6 && !search.isDone)
    // None can be earlier than the first position.
    search.found(1)
    search.endList()
    #expect(search.isDone && search.match == 1)
  }

  @Test func aLargeConditionCostsWhatItHolds() {
    let small = AppendRequest(
      to: nil,
      [NewEvent(type: "T")],
      condition: AppendCondition(failIfMatches: .tags("abc"))
    )
    let prepared = PreparedRequest(small)
    #expect(prepared.cost == prepared.bytes.count + 3 + PreparedCondition.textBytes)
    #expect(prepared.largeCost == 0)
    let types = (100..<164).map { EventType("\($0)") }
    let query = EventQuery((0..<64).map { _ in EventQuery.Item(types: types) })
    var large = small
    large.condition = AppendCondition(failIfMatches: query)
    #expect(PreparedRequest(large).largeCost == 64 * 64 * (3 + PreparedCondition.textBytes))
  }
}
