import GRPCCore
import Testing

@testable import WordWeave

/// Calls of streams within a process: they wait for their reader, and end when it leaves.
@Suite(.timeLimit(.minutes(1))) struct LocalTransportTests {
  private typealias Answer = StreamingClientResponse<[UInt8]>

  private static let operators: Metadata = ["ww-actor": "operator", "ww-roles": "operator"]

  /// Makes a call that tells nothing and hands its answer to `read`.
  private func ask<R: Sendable>(
    _ call: StubService.Call,
    of events: LocalEventService,
    as caller: Metadata = Self.operators,
    within limit: Duration? = nil,
    _ read: @escaping @Sendable (Answer) async throws -> R
  ) async throws -> R {
    var options = CallOptions.defaults
    options.timeout = limit
    return try await events.client.serverStreaming(
      request: ClientRequest(message: [], metadata: caller),
      descriptor: call.method,
      serializer: RawBytes(),
      deserializer: RawBytes(),
      options: options,
      onResponse: read
    )
  }

  /// Makes a call that tells nothing and takes all of its answer.
  private func all(
    _ call: StubService.Call,
    of events: LocalEventService,
    as caller: Metadata = Self.operators,
    within limit: Duration? = nil
  ) async throws -> [[UInt8]] {
    try await ask(call, of: events, as: caller, within: limit) { try await Self.messages(of: $0) }
  }

  /// Makes a call that tells something and takes all of its answer.
  private func all(
    _ call: StubService.Call,
    of events: LocalEventService,
    telling tell: @escaping @Sendable (RPCWriter<[UInt8]>) async throws -> Void
  ) async throws -> [[UInt8]] {
    try await events.client.bidirectionalStreaming(
      request: StreamingClientRequest(metadata: Self.operators, producer: tell),
      descriptor: call.method,
      serializer: RawBytes(),
      deserializer: RawBytes(),
      options: .defaults
    ) { try await Self.messages(of: $0) }
  }

  private static func messages(of answer: Answer) async throws -> [[UInt8]] {
    var messages: [[UInt8]] = []
    for try await message in answer.messages { messages.append(message) }
    return messages
  }

  @Test func aServiceWaitsForItsReaderAndEndsWhenItLeaves() async throws {
    let stub = StubService()
    try await withLocalServices([stub]) { events in
      await #expect(throws: HasEnough.self) {
        try await ask(.flood, of: events) { answer in
          for try await message in answer.messages {
            #expect(message.count == 1 << 20)
            // Time enough for far more.
            try await Task.sleep(for: .milliseconds(200))
            #expect(stub.written <= 2 + LocalTransport.room)
            throw HasEnough()
          }
        }
      }
      let holds1 = try await comesToHold { stub.wasCancelled == true }
      #expect(holds1)
      #expect(stub.written <= 2 + LocalTransport.room)
    }
  }

  @Test func aReaderMayLeaveByReturning() async throws {
    let stub = StubService()
    try await withLocalServices([stub]) { events in
      try await ask(.flood, of: events) { answer in
        for try await _ in answer.messages { break }
      }
      let holds2 = try await comesToHold { stub.wasCancelled == true }
      #expect(holds2)
    }
  }

  @Test func aServiceEndsWhenItsReaderIsCancelled() async throws {
    let stub = StubService()
    try await withLocalServices([stub]) { events in
      let reading = Task { try await all(.linger, of: events) }
      let holds3 = try await comesToHold { stub.hasBegun }
      #expect(holds3)
      #expect(stub.wasCancelled == nil)
      reading.cancel()
      await #expect(throws: (any Error).self) { try await reading.value }
      let holds4 = try await comesToHold { stub.wasCancelled == true }
      #expect(holds4)
    }
  }

  @Test func aDeadlineEndsBothSides() async throws {
    let stub = StubService()
    try await withLocalServices([stub]) { events in
      let error = await #expect(throws: RPCError.self) {
        try await all(.linger, of: events, within: .seconds(1))
      }
      #expect(error?.code == .deadlineExceeded)
      // On a machine that is busy it may not have begun by then, and never does.
      guard stub.hasBegun else { return }
      let holds5 = try await comesToHold { stub.wasCancelled == true }
      #expect(holds5)
    }
  }

  @Test func theEndOfTheServicesEndsStreams() async throws {
    let stub = StubService()
    try await withLocalServices([stub]) { events in
      let reading = Task { try await all(.linger, of: events) }
      let holds6 = try await comesToHold { stub.hasBegun }
      #expect(holds6)
      events.server.beginGracefulShutdown()
      await #expect(throws: RPCError.self) { try await reading.value }
      let holds7 = try await comesToHold { stub.wasCancelled == true }
      #expect(holds7)
      let error = await #expect(throws: RPCError.self) { try await all(.greet, of: events) }
      #expect(error?.code == .unavailable)
    }
  }

  @Test func metadataPasses() async throws {
    try await withLocalServices([StubService()]) { events in
      try await ask(.greet, of: events) { answer in
        let contents = try answer.accepted.get()
        #expect(Array(contents.metadata[stringValues: "greeting"]) == ["hello"])
        var messages: [[UInt8]] = []
        var last: Metadata?
        for try await part in contents.bodyParts {
          switch part {
          case .message(let message): messages.append(message)
          case .trailingMetadata(let metadata): last = metadata
          }
        }
        #expect(messages == [Array("words".utf8)])
        #expect(last.map { Array($0[stringValues: "farewell"]) } == ["bye"])
      }
    }
  }

  @Test func errorsPass() async throws {
    try await withLocalServices([StubService()]) { events in
      let refused = await #expect(throws: RPCError.self) { try await all(.refuse, of: events) }
      #expect(refused?.code == .failedPrecondition && refused?.message == "not now")
      let reason = refused.map { Array($0.metadata[stringValues: "reason"]) }
      #expect(reason == ["closed"])
      let failed = await #expect(throws: RPCError.self) { try await all(.fail, of: events) }
      #expect(failed?.code == .unknown)
      let stranger = await #expect(throws: RPCError.self) {
        try await all(.greet, of: events, as: [:])
      }
      #expect(stranger?.code == .permissionDenied)
    }
  }

  @Test func requestsAreStreamsToo() async throws {
    try await withLocalServices([StubService()]) { events in
      let told = (0..<100).map { [UInt8($0)] }
      let heard = try await all(.echo, of: events) { writer in
        for message in told { try await writer.write(message) }
      }
      #expect(heard == told)
      // Whoever tells more than is wanted does not wait for ever.
      let nothing = try await all(.deaf, of: events) { writer in
        while true { try await writer.write([1]) }
      }
      #expect(nothing.isEmpty)
    }
  }
}
