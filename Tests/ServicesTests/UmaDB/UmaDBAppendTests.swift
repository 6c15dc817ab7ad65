import EventLogCore
import EventLogInMemory
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@Suite struct UmaDBAppendTests {
  private let ids = (1...9).map { "00000000-0000-4000-8000-00000000000\($0)" }

  @Test func positionsBeginAtOneAndTheHeadOfAnEmptyLogIsAbsent() async throws {
    try await UmaDBBench.run { bench async throws in
      #expect(try await !bench.client.head(.init()).hasPosition)
      #expect(try await bench.append([.named("A"), .named("B")]) == 2)
      #expect(try await bench.append([.named("C")]) == 3)
      #expect(try await bench.client.head(.init()).position == 3)
      #expect(try await bench.positions() == [1, 2, 3])
    }
  }

  @Test func aConditionWithoutQuerySpeaksOfEveryEvent() async throws {
    try await UmaDBBench.run { bench async throws in
      #expect(try await bench.append([.named("A")], if: .init()) == 1)
      let refusal = try await UmaDBRefusal.of { try await bench.append([.named("B")], if: .init()) }
      #expect(refusal.code == .failedPrecondition && refusal.type == .integrity)
      #expect(try await bench.append([.named("B")], if: .with { $0.after = 1 }) == 2)
    }
  }

  @Test func conditionsAreExclusiveAndTakeTypesOrAndTagsAnd() async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append([.named("A", ["x", "y"]), .named("B", ["y"])])
      func fails(_ query: Umadb_V1_Query, after: UInt64? = nil) async throws -> Bool {
        do {
          try await bench.append([.named("N")], if: .none(of: query, after: after))
          return false
        } catch let error as RPCError where error.code == .failedPrecondition {
          return true
        }
      }
      #expect(try await fails(.of((["A", "C"], ["x"]))))
      #expect(try await fails(.of(([], ["x"]))))
      #expect(try await fails(.of((["A"], ["x", "y"])), after: 0))
      #expect(try await !fails(.of((["A"], ["x", "y"])), after: 1))
      #expect(try await !fails(.of((["B"], ["x"]))))
      #expect(try await !fails(.of((["a"], []))))
      #expect(try await fails(.of((["Z"], []), (["B"], []))))
    }
  }

  @Test func aConditionAfterTheHighestPositionPasses() async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append([.named("A")])
      let query = Umadb_V1_Query.of((["A"], []))
      #expect(try await bench.append([.named("A")], if: .none(of: query, after: .max)) == 2)
    }
  }

  @Test func trackingIncreasesAndIsReadBack() async throws {
    try await UmaDBBench.run { bench async throws in
      func mark() async throws -> Umadb_V1_TrackingResponse {
        try await bench.client.getTrackingInfo(.with { $0.source = "other" })
      }
      #expect(try await !mark().hasPosition)
      try await bench.append([.named("A"), .named("B")], tracking: ("other", 0))
      let first = try await mark()
      #expect(first.hasPosition && first.position == 0)
      for given: UInt64 in [0] {
        let refusal = try await UmaDBRefusal.of {
          try await bench.append([.named("C")], tracking: ("other", given))
        }
        #expect(refusal.code == .failedPrecondition && refusal.type == .integrity)
        #expect(refusal.message.contains("non-increasing tracking position"))
      }
      try await bench.append([.named("C")], tracking: ("other", 7))
      #expect(try await mark().position == 7)
      try await bench.append([.named("D")])
      let events = try await bench.messages().flatMap(\.events)
      #expect(events.map(\.hasTrackingInfo) == [true, true, true, false])
      #expect(events.map(\.trackingInfo.position) == [0, 0, 7, 0])
      #expect(events.first?.trackingInfo.source == "other")
    }
  }

  @Test func whatWasAppendedIsReadByteForByte() async throws {
    try await UmaDBBench.run { [ids] bench async throws in
      let event = Umadb_V1_Event.named(
        "Ty\u{301}pe",
        ["b", "a", "b"],
        uuid: ids[0],
        data: [0, 255, 0],
        metadata: [("z", ""), ("a", "\u{0}")]
      )
      try await bench.append([event, .named("Plain")])
      #expect(try await bench.events() == [event, .named("Plain")])
    }
  }

  // MARK: Ids

  @Test func everyGivenUUIDIsReadBackAndNoneIsTheEmptyText() async throws {
    try await UmaDBBench.run { [ids] bench async throws in
      let none = "00000000-0000-0000-0000-000000000000"
      let given = [ids[0], "", none, ids[0], ids[1], none]
      try await bench.append(given.map { .named("A", uuid: $0) })
      try await bench.append([.named("A", uuid: ids[0])])
      #expect(try await bench.events().map(\.uuid) == given + [ids[0]])
      // In the log each event has an id of its own.
      let page = try await bench.log.readAll(after: nil)
      #expect(Set(page.events.map(\.id)).count == 7)
      #expect(page.events.first?.id == EventID(ids[0]))
      #expect(!page.events.map(\.id).contains(.none))
    }
  }

  @Test func aUUIDIsReadInLowerCase() async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append([.named("A", uuid: "ABCDEF00-0000-4000-8000-000000000001")])
      #expect(try await bench.events().map(\.uuid) == ["abcdef00-0000-4000-8000-000000000001"])
    }
  }

  @Test func sevenAppendsOfOneUUIDAreSevenEvents() async throws {
    try await UmaDBBench.run { [ids] bench async throws in
      for position: UInt64 in 1...7 {
        #expect(try await bench.append([.named("A", uuid: ids[0])]) == position)
      }
    }
  }

  @Test func aFailedConditionWithTheSameUUIDsInOrderIsARepeat() async throws {
    try await UmaDBBench.run { [ids] bench async throws in
      let query = Umadb_V1_Query.of((["A"], []))
      let condition = Umadb_V1_AppendCondition.none(of: query)
      try await bench.append([.named("B", uuid: ids[8])])
      let both: [Umadb_V1_Event] = [.named("A", uuid: ids[0]), .named("A", uuid: ids[1])]
      #expect(try await bench.append(both, if: condition, tracking: ("s", 3)) == 3)
      // The same again, whatever the tracking says, and a part from the beginning.
      #expect(try await bench.append(both, if: condition, tracking: ("s", 3)) == 3)
      #expect(try await bench.append([both[0]], if: condition) == 2)
      // Only uuids are compared.
      #expect(try await bench.append([.named("Other", uuid: ids[0])], if: condition) == 2)
      let behind = Umadb_V1_AppendCondition.none(of: query, after: 2)
      #expect(try await bench.append([both[1]], if: behind) == 3)
      #expect(try await bench.client.head(.init()).position == 3)
    }
  }

  @Test func otherUUIDsOrderOrNumberIsAConflict() async throws {
    try await UmaDBBench.run { [ids] bench async throws in
      let condition = Umadb_V1_AppendCondition.none(of: .of((["A"], [])))
      try await bench.append([.named("A", uuid: ids[0]), .named("A", uuid: ids[1])])
      for given in [[ids[1]], [ids[1], ids[0]], [ids[0], ids[1], ids[2]], [ids[0], ""], [""]] {
        let refusal = try await UmaDBRefusal.of {
          try await bench.append(given.map { .named("A", uuid: $0) }, if: condition)
        }
        #expect(refusal.code == .failedPrecondition && refusal.type == .integrity)
      }
    }
  }

  @Test func repeatsWithTheNilUUIDAreRecognised() async throws {
    try await UmaDBBench.run { bench async throws in
      let none = "00000000-0000-0000-0000-000000000000"
      let condition = Umadb_V1_AppendCondition.none(of: .of((["A"], [])))
      let both: [Umadb_V1_Event] = [.named("A", uuid: none), .named("A", uuid: none)]
      #expect(try await bench.append(both, if: condition) == 2)
      #expect(try await bench.append(both, if: condition) == 2)
    }
  }

  @Test func aRepeatIsFoundBehindMoreThanAPageOfEvents() async throws {
    try await UmaDBBench.run { bench async throws in
      let condition = Umadb_V1_AppendCondition.none(of: .of((["A"], [])))
      let many = (0..<5000).map { index in
        Umadb_V1_Event.named("A", uuid: EventID(high: 9, low: UInt64(index)).description)
      }
      #expect(try await bench.append(many, if: condition) == 5000)
      #expect(try await bench.append(many, if: condition) == 5000)
      #expect(try await bench.client.head(.init()).position == 5000)
    }
  }

  @Test func racingRepeatsAreWrittenOnce() async throws {
    try await UmaDBBench.run { [ids] bench async throws in
      let condition = Umadb_V1_AppendCondition.none(of: .of((["A"], [])))
      let events = [Umadb_V1_Event.named("A", uuid: ids[0])]
      let positions = try await withThrowingTaskGroup(of: UInt64.self) { group in
        for _ in 0..<32 {
          group.addTask { try await bench.append(events, if: condition) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(positions == Array(repeating: 1, count: 32))
    }
  }
}
