import EventLogCore
import EventLogInMemory
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@Suite struct UmaDBReadTests {
  private static func filled(
    _ count: Int = 10,
    _ body: @Sendable @escaping (UmaDBBench) async throws -> Void
  ) async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append((1...count).map { .named($0 % 2 == 0 ? "Even" : "Odd", ["n\($0)"]) })
      try await body(bench)
    }
  }

  @Test func startIsInclusiveInBothDirections() async throws {
    try await Self.filled { bench async throws in
      #expect(try await bench.positions { $0.start = 8 } == [8, 9, 10])
      #expect(
        try await bench.positions {
          $0.start = 3
          $0.backwards = true
        } == [3, 2, 1]
      )
      #expect(try await bench.positions { $0.start = 0 } == Array(1...10))
      #expect(
        try await bench.positions {
          $0.start = 0
          $0.backwards = true
        } == []
      )
      #expect(try await bench.positions { $0.backwards = true } == (1...10).reversed())
      for beyond: UInt64 in [11, 99, .max] {
        #expect(try await bench.positions { $0.start = beyond } == [])
        let back = try await bench.positions {
          $0.start = beyond
          $0.backwards = true
        }
        #expect(back == (1...10).reversed())
      }
    }
  }

  @Test func aQueryFiltersInBothDirections() async throws {
    try await Self.filled { bench async throws in
      let query = Umadb_V1_Query.of((["Even"], []), (["Odd"], ["n7"]))
      var request = Umadb_V1_ReadRequest()
      request.query = query
      #expect(try await bench.positions(request) == [2, 4, 6, 7, 8, 10])
      request.backwards = true
      request.limit = 3
      #expect(try await bench.positions(request) == [10, 8, 7])
      request = .with { $0.query = .init() }
      #expect(try await bench.positions(request) == Array(1...10))
    }
  }

  @Test func withoutLimitEveryMessageNamesTheHeadOfTheBeginning() async throws {
    try await Self.filled { bench async throws in
      let messages = try await bench.messages { $0.batchSize = 4 }
      #expect(messages.map(\.events.count) == [4, 4, 2])
      #expect(messages.map(\.head) == [10, 10, 10])
      let nothing = try await bench.messages { $0.query = .of((["None"], [])) }
      #expect(nothing.map(\.events.count) == [0] && nothing.map(\.head) == [10])
    }
  }

  @Test func withLimitEveryMessageNamesItsLastEvent() async throws {
    try await Self.filled { bench async throws in
      let messages = try await bench.messages {
        $0.batchSize = 4
        $0.limit = 6
      }
      #expect(messages.map(\.events.count) == [4, 2])
      #expect(messages.map(\.head) == [4, 6])
      let back = try await bench.messages {
        $0.batchSize = 4
        $0.limit = 6
        $0.backwards = true
      }
      #expect(back.map(\.head) == [7, 5])
      let nothing = try await bench.messages {
        $0.start = 11
        $0.limit = 6
      }
      #expect(nothing.map(\.events.count) == [0] && nothing.map(\.hasHead) == [false])
    }
  }

  @Test func limitZeroIsNoMessage() async throws {
    try await Self.filled { bench async throws in
      #expect(try await bench.messages { $0.limit = 0 }.isEmpty)
    }
  }

  @Test func anEmptyLogIsOneMessageWithoutHead() async throws {
    try await UmaDBBench.run { bench async throws in
      for backwards in [false, true] {
        let messages = try await bench.messages { $0.backwards = backwards }
        #expect(messages.map(\.events.count) == [0] && messages.map(\.hasHead) == [false])
      }
    }
  }

  @Test func whatIsAppendedDuringAReadIsLeftForTheNext() async throws {
    try await Self.filled(600) { bench async throws in
      let request = Umadb_V1_ReadRequest.with { $0.batchSize = 1 }
      let positions = try await bench.client.read(request) { response in
        var positions: [UInt64] = []
        for try await message in response.messages {
          if positions.isEmpty { try await bench.append([.named("Late"), .named("Late")]) }
          positions += message.events.map(\.position)
          #expect(message.head == 600)
        }
        return positions
      }
      #expect(positions == Array(1...600))
    }
  }

  @Test func batchSizesAreBroughtIntoBounds() async throws {
    try await Self.filled(5000) { bench async throws in
      func counts(_ size: UInt32?) async throws -> [Int] {
        try await bench.messages { if let size { $0.batchSize = size } }.map(\.events.count)
      }
      #expect(try await counts(nil) == [1024, 1024, 1024, 1024, 904])
      #expect(try await counts(0).count == 5000)
      #expect(try await counts(4096) == [4096, 904])
      #expect(try await counts(.max) == [4096, 904])
    }
  }

  @Test func aMessageStaysBelowWhatClientsTake() async throws {
    try await UmaDBBench.run { bench async throws in
      let data = [UInt8](repeating: 7, count: 1 << 20)
      for _ in 0..<2 { try await bench.append((0..<5).map { _ in .named("Big", data: data) }) }
      let messages = try await bench.messages()
      #expect(messages.map(\.events.count) == [3, 3, 3, 1])
      for message in messages {
        let bytes: [UInt8] = try message.serializedBytes()
        #expect(bytes.count <= 3_670_016)
      }
      #expect(messages.flatMap { $0.events.map(\.position) } == Array(1...10))
    }
  }

  @Test func aReadDoesNotSubscribe() async throws {
    try await Self.filled { bench async throws in
      let refusal = try await UmaDBRefusal.of {
        _ = try await bench.messages { $0.subscribe = true }
      }
      #expect(refusal.code == .invalidArgument && refusal.type == .invalidArgument)
      #expect(try await bench.positions { $0.subscribe = false } == Array(1...10))
    }
  }

  // MARK: What the other protocol wrote

  @Test func whatHasNoFieldIsShownAsMetadata() async throws {
    try await UmaDBBench.run { bench async throws in
      let id = EventID.make()
      let event = NewEvent(
        id: id,
        type: "Posted",
        schemaVersion: 3,
        contentType: "application/json",
        data: [1],
        tags: ["t"],
        metadata: ["actor": "ada"]
      )
      _ = try await bench.log.append(
        AppendRequest(
          [StreamAppend(to: "post-1", [NewEvent(type: "X"), event])],
          tracking: Tracking(source: "s", position: 4)
        )
      )
      let messages = try await bench.messages { $0.query = .of((["Posted"], ["t"])) }
      let shown = try #require(messages.first?.events.first)
      #expect(shown.position == 2 && shown.trackingInfo.position == 4)
      let metadata = [
        ("actor", "ada"), ("ww.stream", "post-1"), ("ww.revision", "1"),
        ("ww.schema-version", "3"), ("ww.content-type", "application/json"),
      ]
      let expected = Umadb_V1_Event.named(
        "Posted",
        ["t"],
        uuid: id.description,
        data: [1],
        metadata: metadata
      )
      #expect(shown.event == expected)
      // No id was given for the first.
      #expect(try await bench.events().first?.uuid == "")
    }
  }

  @Test func ownKeysStayUniqueWhateverTheOtherProtocolWrote() async throws {
    try await UmaDBBench.run { bench async throws in
      let event = NewEvent(type: "A", metadata: ["ww.stream": "a lie", "ww.other": "kept"])
      _ = try await bench.log.append(AppendRequest(to: "real", [event]))
      let entries = try await bench.events().first?.metadata ?? []
      #expect(entries.map(\.key) == ["ww.other", "ww.stream", "ww.revision", "ww.content-type"])
      #expect(entries.first { $0.key == "ww.stream" }?.value == "real")
    }
  }

  @Test func whatIsAppendedHereIsReadThere() async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append([.named("A", ["t"], data: [5], metadata: [("k", "v")])])
      let event = try #require(try await bench.log.readAll(after: nil).events.first)
      #expect(event.stream == nil && event.revision == nil)
      #expect(event.schemaVersion == 1 && event.contentType == "application/octet-stream")
      #expect(event.type == "A" && event.tags == ["t"] && event.data == [5])
      #expect(event.metadata == ["k": "v"])
    }
  }

  @Test func aRemovedEventIsSkippedAndStillCounts() async throws {
    try await UmaDBBench.run { bench async throws in
      let id = EventID.make()
      _ = try await bench.log.append(
        AppendRequest(to: "s", [NewEvent(id: id, type: "A", tags: ["t"])])
      )
      _ = try await bench.log.append(.tombstoning("s"))
      let query = Umadb_V1_Query.of((["A"], ["t"]))
      #expect(try await bench.positions { $0.query = query } == [])
      let condition = Umadb_V1_AppendCondition.none(of: query)
      let refusal = try await UmaDBRefusal.of {
        try await bench.append([.named("B")], if: condition)
      }
      #expect(refusal.type == .integrity)
      let again = [Umadb_V1_Event.named("A", ["t"], uuid: id.description)]
      #expect(try await bench.append(again, if: condition) == 1)
    }
  }
}
