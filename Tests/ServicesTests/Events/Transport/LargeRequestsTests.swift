import EventLogConformance
import EventLogCore
import EventLogInMemory
import GRPCCore
import HTTP2Driver
import Schemas
import Synchronization
import Testing

@testable import EventsService

/// What is larger than a loop may decode is served by the rest of the process, within bounds.
@Suite(.timeLimit(.minutes(1))) struct LargeRequestsTests {
  /// A log in which appends to the stream `held` wait.
  private final class HeldLog: EngineWrapper {
    let base: any EventLogEngine = InMemoryEventLog()
    private let gate = AsyncStream.makeStream(of: Void.self)
    private let count = Mutex(0)

    var held: Int { count.withLock { $0 } }

    func release() { gate.continuation.finish() }

    func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
      if request.parts.first?.stream == "held" {
        count.withLock { $0 += 1 }
        for await _ in gate.stream {}
      }
      return try await base.append(request)
    }
  }

  private static func append(
    _ stream: String,
    size: Int
  ) -> Wordweave_Events_V1_AppendRequest {
    var event = Wordweave_Events_V1_NewEvent()
    event.type = "Happened"
    event.data = protobufBytes([UInt8](repeating: 1, count: size))
    var part = Wordweave_Events_V1_StreamAppend()
    part.stream = stream
    part.events = [event]
    var request = Wordweave_Events_V1_AppendRequest()
    request.parts = [part]
    return request
  }

  @Test func bytesAreCountedUntilTheyAreServed() {
    let large = LargeRequests(bytes: 100)
    #expect(large.take(60))
    #expect(!large.take(60))
    #expect(large.take(40))
    large.give(60)
    #expect(large.take(60))
    large.give(60)
    large.give(40)
    // Who is larger than all of it is served alone.
    #expect(large.take(200))
    #expect(!large.take(1))
  }

  @Test func tooManyAtOnceAreToldToComeAgain() async throws {
    let log = HeldLog()
    let bound = 100 << 10
    try await ServedEvents.with(
      engine: log,
      settings: { $0.largeRequestBytes = bound }
    ) { served async throws in
      let large = Self.append("held", size: 64 << 10)
      let first = Task { try await served.log.append(large) }
      #expect(try await holds { log.held == 1 })
      let code = await served.refusal { _ = try await $0.log.append(large) }
      #expect(code == .unavailable)
      #expect(log.held == 1)
      // Short ones are served where they come in.
      #expect(try await served.log.append(Self.append("other", size: 3)).position == 1)
      log.release()
      #expect(try await first.value.position == 2)
      #expect(try await served.log.append(large).position == 3)
    }
  }

  @Test func whatComesToAThreadWhenItsTimeIsOverIsNotDecoded() async throws {
    let isServed = Mutex(false)
    let call = DirectCall(Wordweave_Events_V1_EventLog.Method.Head.descriptor) {
      (_: Wordweave_Events_V1_HeadRequest) in
      isServed.withLock { $0 = true }
      return Wordweave_Events_V1_HeadResponse()
    }
    let calls = DirectCalls(
      [call],
      check: nil,
      pin: LogPin(store: EventStore(InMemoryEventLog())),
      deadlines: CallDeadlines()
    )
    let head = try RequestHead([
      HTTP2Header(":method", "POST"), HTTP2Header(":path", "/a.B/C"),
      HTTP2Header("content-type", "application/grpc"),
    ])
    let scope = CallScope(end: ContinuousClock.now)
    let serving = Task {
      while !Task.isCancelled { await Task.yield() }
      return await calls.serve(call, head, scope, [])
    }
    serving.cancel()
    let error = await #expect(throws: RPCError.self) { try await serving.value.get() }
    #expect(error?.code == .deadlineExceeded)
    #expect(!isServed.withLock { $0 })
  }
}
