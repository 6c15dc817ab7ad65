import EventLogCore
import EventLogInMemory
@testable import EventsService
import GRPCCore
import Schemas
import SwiftProtobuf
import Testing

@Suite struct UmaDBErrorTests {
  @Test func anEmptyAppendIsRefusedWithOrWithoutTracking() async throws {
    try await UmaDBBench.run { bench async throws in
      let plain = try await UmaDBRefusal.of { try await bench.append([]) }
      #expect(plain.code == .invalidArgument && plain.type == .invalidArgument)
      let tracked = try await UmaDBRefusal.of { try await bench.append([], tracking: ("s", 1)) }
      #expect(tracked.type == .invalidArgument)
      let mark = try await bench.client.getTrackingInfo(.with { $0.source = "s" })
      #expect(!mark.hasPosition)
      try await bench.append([.named("A")])
      let conditional = try await UmaDBRefusal.of { try await bench.append([], if: .init()) }
      #expect(conditional.type == .invalidArgument)
    }
  }

  @Test(arguments: [
    Umadb_V1_Event.named(""), .named(String(repeating: "t", count: 256)), .named("$mine"),
    .named("A", [""]), .named("A", [String(repeating: "t", count: 256)]),
    .named("A", (0..<256).map { "t\($0)" }),
    .named("A", data: [UInt8](repeating: 0, count: 1 << 20 + 1)),
    .named("A", uuid: "no uuid"), .named("A", uuid: "00000000000040008000000000000001"),
    .named("A", metadata: [("", "v")]), .named("A", metadata: [("ww.stream", "v")]),
    .named("A", metadata: [("ww.", "v")]), .named("A", metadata: [("k", "v"), ("k", "w")]),
    .named("A", metadata: (0..<65).map { ("k\($0)", "v") }),
    .named("A", metadata: [("k", String(repeating: "v", count: 128 << 10))]),
  ])
  func whatTheLogDoesNotTakeIsRefused(event: Umadb_V1_Event) async throws {
    try await UmaDBBench.run { bench async throws in
      let refusal = try await UmaDBRefusal.of { try await bench.append([.named("A"), event]) }
      #expect(refusal.code == .invalidArgument && refusal.type == .invalidArgument)
      #expect(try await bench.events().isEmpty)
    }
  }

  @Test func whatTheLogJustTakesIsTaken() async throws {
    try await UmaDBBench.run { bench async throws in
      let long = String(repeating: "t", count: 255)
      try await bench.append([
        .named(long, [long]), .named("A", data: [UInt8](repeating: 0, count: 1 << 20)),
        .named("A", metadata: [("ww", "v"), ("www.x", "w")]),
      ])
      #expect(try await bench.events().count == 3)
    }
  }

  @Test func duplicateKeysAreNamedAsClientsExpect() async throws {
    try await UmaDBBench.run { bench async throws in
      let event = Umadb_V1_Event.named("A", metadata: [("k", "v"), ("k", "w")])
      let refusal = try await UmaDBRefusal.of { try await bench.append([event]) }
      #expect(refusal.message.contains("metadata contains duplicate keys"))
    }
  }

  @Test(arguments: [
    Umadb_V1_Query.of(([""], [])), .of(([], [""])), .of(((0..<65).map { "t\($0)" }, [])),
    .of(([], [String(repeating: "t", count: 256)])),
  ])
  func aQueryBeyondTheLimitsIsRefusedEverywhere(query: Umadb_V1_Query) async throws {
    try await UmaDBBench.run { bench async throws in
      let appended = try await UmaDBRefusal.of {
        try await bench.append([.named("A")], if: .none(of: query))
      }
      let read = try await UmaDBRefusal.of { _ = try await bench.messages { $0.query = query } }
      let subscribed = try await UmaDBRefusal.of {
        _ = try await bench.subscribed(1) { $0.query = query }
      }
      for refusal in [appended, read, subscribed] {
        #expect(refusal.code == .invalidArgument && refusal.type == .invalidArgument)
      }
    }
  }

  @Test func aTrackingSourceHasItsLimits() async throws {
    try await UmaDBBench.run { bench async throws in
      for source in ["", String(repeating: "s", count: 256)] {
        let refusal = try await UmaDBRefusal.of {
          try await bench.append([.named("A")], tracking: (source, 1))
        }
        #expect(refusal.code == .invalidArgument && refusal.type == .invalidArgument)
      }
    }
  }

  @Test func aClosedLogIsUnavailable() async throws {
    try await UmaDBBench.run { bench async throws in
      await bench.log.close()
      let appended = try await UmaDBRefusal.of { try await bench.append([.named("A")]) }
      let read = try await UmaDBRefusal.of { _ = try await bench.messages() }
      let head = try await UmaDBRefusal.of { _ = try await bench.client.head(.init()) }
      for refusal in [appended, read, head] {
        #expect(refusal.code == .unavailable && refusal.type == .io)
      }
    }
  }

  @Test(
    arguments: [
      (EventLogError.conditionFailed(firstMatch: .start), RPCError.Code.failedPrecondition, 2),
      (.trackingNotIncreasing(source: "s", stored: 2, given: 1), .failedPrecondition, 2),
      (.conflict(stream: "s", expected: .any, actual: .neverWritten), .failedPrecondition, 2),
      (.idConflict(.none, .start), .failedPrecondition, 2),
      (.streamTombstoned("s"), .failedPrecondition, 2),
      (.logEpochChanged(head: .start), .failedPrecondition, 2),
      (.invalid("x"), .invalidArgument, 6), (.emptyAppend, .invalidArgument, 6),
      (.tooLarge(field: "x", eventIndex: nil, limit: 1, actual: 2), .invalidArgument, 6),
      (.corrupt("x", at: nil), .dataLoss, 3), (.outcomeUnknown("x"), .internalError, 0),
      (.unavailable("x"), .internalError, 0), (.overloaded(retryAfter: .zero), .unavailable, 0),
      (.closed, .unavailable, 0), (.locked("x"), .unavailable, 0),
    ] as [(EventLogError, RPCError.Code, Int)]
  )
  func everyErrorHasItsStatusAndType(
    error: EventLogError,
    code: RPCError.Code,
    type: Int
  ) async throws {
    let status = RPCError(umaDB: error)
    #expect(status.code == code && status.message == error.description)
    let trailers = Array(status.metadata[binaryValues: "grpc-status-details-bin"])
    let details = try Umadb_V1_ErrorResponse(serializedBytes: try #require(trailers.first))
    #expect(details.errorType.rawValue == type && details.message == error.description)
  }

  @Test func aMissingKeyIsAnErrorOfAuthentication() throws {
    let status = RPCError.umaDBUnauthenticated("no key")
    #expect(status.code == .unauthenticated && status.message == "no key")
    let trailers = Array(status.metadata[binaryValues: "grpc-status-details-bin"])
    let details = try Umadb_V1_ErrorResponse(serializedBytes: try #require(trailers.first))
    #expect(details.errorType == .authentication && details.message == "no key")
  }
}
