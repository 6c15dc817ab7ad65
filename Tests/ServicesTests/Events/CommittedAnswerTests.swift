import EventLogConformance
import EventLogCore
import EventLogInMemory
import GRPCCore
import Schemas
import Testing

@testable import EventsService

/// What is written is told as written, whatever happens behind it.
@Suite struct CommittedAnswerTests {
  /// A log that never tells its head.
  private final class HeadlessLog: EngineWrapper, LedEventLog {
    let base: any EventLogEngine = InMemoryEventLog()
    let leadership = Leadership.leads

    func leaderships() -> AsyncStream<Leadership> { AsyncStream { $0.finish() } }
    func admits(_ secret: String) -> Bool { false }
    func learn(of head: GlobalPosition) {}

    func head(beyond: GlobalPosition?) async throws(EventLogError) -> GlobalPosition {
      throw .unavailable("the head is not known")
    }
  }

  private static func context() -> ServerContext {
    ServerContext(
      descriptor: MethodDescriptor(fullyQualifiedService: "test", method: "written"),
      remotePeer: "in-process",
      localPeer: "in-process",
      cancellation: ServerContext.RPCCancellationHandle()
    )
  }

  private static var two: AppendRequest {
    AppendRequest(to: "s", [NewEvent(type: "Happened"), NewEvent(type: "Happened")])
  }

  @Test func anAppendThatWasPassedOnIsToldWithoutTheHead() async throws {
    var request = Wordweave_Events_V1_ForwardedAppendRequest()
    request.request = Wordweave_Events_V1_AppendRequest(Self.two)
    let service = ClusterService(HeadlessLog())
    let answer = try await service.append(request: request, context: Self.context())
    #expect(answer.receipt.position == 2)
    #expect(answer.head == 2)
  }

  @Test func restoredEventsAreToldWithoutTheHead() async throws {
    let log = InMemoryEventLog()
    _ = try await log.append(Self.two)
    let envelopes = EnvelopeRun.bytes(of: try await log.readAll(after: nil).events)
    var forwarded = Wordweave_Events_V1_ForwardedRestoreRequest()
    forwarded.envelopes = envelopes
    let cluster = ClusterService(HeadlessLog())
    let told = try await cluster.restore(request: forwarded, context: Self.context())
    #expect(told.head == 2)
    var request = Wordweave_Events_V1_RestoreRequest()
    request.envelopes = envelopes
    let transfer = TransferService(store: EventStore(HeadlessLog()))
    let answer = try await transfer.restore(request: request, context: Self.context())
    #expect(answer.head == 2)
  }
}
