import EventLogCore
import EventLogInMemory
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@Suite struct UmaDBSubscribeTests {
  @Test func afterIsExclusiveAndAbsentMeansAll() async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append((0..<5).map { .named("A\($0 % 2)") })
      #expect(try await bench.subscribed(5) == [1, 2, 3, 4, 5])
      #expect(try await bench.subscribed(2) { $0.after = 3 } == [4, 5])
      #expect(try await bench.subscribed(5) { $0.after = 0 } == [1, 2, 3, 4, 5])
      #expect(try await bench.subscribed(2) { $0.query = .of((["A1"], [])) } == [2, 4])
    }
  }

  @Test func whatComesLaterArrivesOnceAndAscending() async throws {
    try await UmaDBBench.run { bench async throws in
      async let positions = bench.subscribed(40) { $0.query = .of((["A"], [])) }
      for _ in 0..<40 { try await bench.append([.named("A"), .named("B")]) }
      #expect(try await positions == (0..<40).map { UInt64($0 * 2 + 1) })
    }
  }

  @Test func beyondTheHeadItWaits() async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append([.named("A")])
      async let positions = bench.subscribed(1) { $0.after = 3 }
      for _ in 0..<4 { try await bench.append([.named("A")]) }
      #expect(try await positions.first == 4)
    }
  }

  @Test func afterTheHighestPositionItEndsAtOnce() async throws {
    try await UmaDBBench.run { bench async throws in
      #expect(try await bench.subscribed(1) { $0.after = .max } == [])
    }
  }

  @Test func batchesAreBoundedByTheCaller() async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append((0..<10).map { _ in .named("A") })
      let request = Umadb_V1_SubscribeRequest.with { $0.batchSize = 4 }
      let counts = try await bench.client.subscribe(request) { response in
        var counts: [Int] = []
        for try await message in response.messages {
          counts.append(message.events.count)
          if counts.reduce(0, +) == 10 { break }
        }
        return counts
      }
      #expect(counts == [4, 4, 2])
    }
  }

  @Test(arguments: [true, false])
  func itEndsWithoutErrorWhenTheServerStops(byServer: Bool) async throws {
    try await UmaDBBench.run { bench async throws in
      try await bench.append([.named("A")])
      let positions = try await bench.client.subscribe(.init()) { response in
        var positions: [UInt64] = []
        for try await message in response.messages {
          positions += message.events.map(\.position)
          if byServer { bench.server.beginGracefulShutdown() } else { await bench.log.close() }
        }
        return positions
      }
      #expect(positions == [1])
    }
  }
}
