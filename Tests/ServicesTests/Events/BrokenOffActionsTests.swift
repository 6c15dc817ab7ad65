import EventLogCore
import EventLogInMemory
import GRPCCore
import MessagingCore
import ProjectionsCore
import Schemas
import SwiftProtobuf
import Synchronization
import Testing

@testable import EventsService

/// An action that breaks off after it has begun is on record too.
@Suite(.timeLimit(.minutes(2))) struct BrokenOffActionsTests {
  /// Takes some messages; then its task is cancelled, as when the caller goes away.
  private final class Leaving<Element: Sendable>: RPCWriterProtocol {
    private let left: Mutex<Int>

    init(after messages: Int) { left = Mutex(messages) }

    func write(_ element: Element) async throws {
      let isGone = left.withLock { left in
        left -= 1
        return left < 0
      }
      guard isGone else { return }
      cancelTask()
      throw RPCError(code: .unavailable, message: "the caller is gone")
    }

    private func cancelTask() {
      withUnsafeCurrentTask { (task) -> Void in task?.cancel() }
    }

    func write(contentsOf elements: some Sequence<Element>) async throws {
      for element in elements { try await write(element) }
    }
  }

  /// A compaction that has one part done and then takes its time.
  private struct Compacting: LogAdministration {
    func facts() async throws(EventLogError) -> LogFacts {
      LogFacts(engine: "test", events: 0, streams: 0, bytesOnDisk: 1)
    }
    func verify(
      progress: @escaping @Sendable (GlobalPosition) -> Void
    ) async throws(EventLogError) {}
    func compact(
      progress: @escaping @Sendable (CompactionState) -> Void
    ) async throws(EventLogError) {
      progress(CompactionState(part: "events", done: 1, total: 8))
      do { try await Task.sleep(for: .seconds(60)) } catch { throw .cancelled }
    }
  }

  private struct NoProjections: ProjectionAdministration {
    let projections: [any ManagedProjection] = []
    func parked(of projection: ProjectionID) -> [ParkedStream] { [] }
    func redrive(_ stream: StreamName, of projection: ProjectionID) {}
  }

  /// Runs a call of ada's in a task of its own and expects the error of the writer.
  private func breaksOff(
    _ call: @escaping @Sendable (ServerContext) async throws -> Void
  ) async {
    let context = ServerContext(
      descriptor: MethodDescriptor(fullyQualifiedService: "test", method: "broken"),
      remotePeer: "in-process",
      localPeer: "in-process",
      cancellation: ServerContext.RPCCancellationHandle()
    )
    let scope = CallScope(actor: "ada")
    let task = Task {
      try await CallScope.$current.withValue(scope) { try await call(context) }
    }
    let error = await #expect(throws: RPCError.self) { try await task.value }
    #expect(error?.message == "the caller is gone")
  }

  /// The only event of `$admin`, which says that `kind` was broken off by ada; its details by name.
  private func brokenOff(
    _ kind: AdministrativeKind,
    in log: InMemoryEventLog
  ) async throws -> [String: String] {
    let page = try await log.read("$admin", from: .first, direction: .forward, limit: 10)
    #expect(page.events.count == 1)
    let event = try #require(page.events.first)
    let action = try Wordweave_Events_V1_AdministrativeAction(serializedBytes: event.data)
    #expect(event.type.text == kind.type)
    #expect(event.metadata[EventLogCore.Metadata.Keys.actor] == "ada")
    #expect(action.target == "log")
    #expect(action.outcome == "broken off")
    return Dictionary(uniqueKeysWithValues: action.details.map { ($0.name, $0.value) })
  }

  @Test func anExportOfTheLog() async throws {
    let log = InMemoryEventLog()
    _ = try await log.append(AppendRequest(to: "s-1", [NewEvent(type: "T")]))
    let service = TransferService(store: EventStore(log))
    // The header arrives, the events do not.
    await breaksOff { context in
      try await service.export(
        request: Wordweave_Events_V1_ExportRequest(),
        response: RPCWriter(wrapping: Leaving<Wordweave_Events_V1_ExportChunk>(after: 1)),
        context: context
      )
    }
    let details = try await brokenOff(.logExported, in: log)
    let bytes = try #require(details["bytes"].flatMap { Int($0) })
    #expect(bytes > 16)
    await log.close()
  }

  @Test func anExportOfTheAudit() async throws {
    try await AuditWorld.run { world in
      // More than one message holds.
      for _ in 0..<5 {
        let event = NewEvent.audited("T", data: [UInt8](repeating: 7, count: 400 << 10))
        try await world.append([event], to: "s-1")
      }
      try await world.indexed()
      let service = AuditService(
        store: EventStore(world.log),
        index: world.index,
        record: ActionRecord(engine: world.log)
      )
      await breaksOff { context in
        try await service.export(
          request: Wordweave_Events_V1_AuditExportRequest(),
          response: RPCWriter(wrapping: Leaving<Wordweave_Events_V1_AuditExportChunk>(after: 1)),
          context: context
        )
      }
      let details = try await brokenOff(.auditExported, in: world.log)
      let events = try #require(details["events"].flatMap { Int($0) })
      #expect((2..<5).contains(events))
      #expect(details["format"] == "ndjson")
    }
  }

  @Test func aCompaction() async throws {
    let log = InMemoryEventLog()
    let service = AdministrationService(
      store: EventStore(log),
      log: Compacting(),
      projections: NoProjections(),
      replays: ReplayBoard(),
      started: .now
    )
    await breaksOff { context in
      try await service.compact(
        request: Wordweave_Events_V1_CompactRequest(),
        response: RPCWriter(wrapping: Leaving<Wordweave_Events_V1_CompactProgress>(after: 0)),
        context: context
      )
    }
    let details = try await brokenOff(.logCompacted, in: log)
    #expect(details == ["part": "events", "done": "1", "total": "8"])
    await log.close()
  }
}
