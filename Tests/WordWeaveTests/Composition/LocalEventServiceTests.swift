import EventLogCore
import EventLogInMemory
import GRPCCore
import MessagingCore
import ProjectionsCore
import Schemas
import SwiftProtobuf
import Testing

@testable import EventsService
@testable import WordWeave

/// What operators ask of the Event Service of their process ends when they leave, and is on record
/// as broken off.
@Suite(.timeLimit(.minutes(1))) struct LocalEventServiceTests {
  private static let operators: GRPCCore.Metadata = [
    "ww-actor": "operator", "ww-roles": "operator",
  ]

  /// A backup that has begun and takes its time.
  private struct SlowBackup: LogAdministration {
    func facts() async throws(EventLogError) -> LogFacts {
      LogFacts(engine: "test", events: 0, streams: 0, bytesOnDisk: 1)
    }
    func verify(
      progress: @escaping @Sendable (GlobalPosition) -> Void
    ) async throws(EventLogError) {}
    func backUp(
      to path: String,
      progress: @escaping @Sendable (BackupState) -> Void
    ) async throws(EventLogError) -> BackupState {
      progress(BackupState(phase: .log))
      do { try await Task.sleep(for: .seconds(60)) } catch { throw .cancelled }
      return BackupState(phase: .done)
    }
  }

  private struct NoProjections: ProjectionAdministration {
    let projections: [any ManagedProjection] = []
    func parked(of projection: ProjectionID) -> [ParkedStream] { [] }
    func redrive(_ stream: StreamName, of projection: ProjectionID) {}
  }

  /// How the only action of a kind ended, as recorded; nil as long as there is none.
  private func outcome(
    of kind: AdministrativeKind,
    in log: InMemoryEventLog
  ) async throws -> String? {
    let query = EventQuery([EventQuery.Item(types: [EventType(kind.type)])])
    let page = try await log.readAll(after: .start, matching: query)
    #expect(page.events.count <= 1)
    guard let event = page.events.first else { return nil }
    return try Wordweave_Events_V1_AdministrativeAction(serializedBytes: event.data).outcome
  }

  @Test func aBackup() async throws {
    let log = InMemoryEventLog()
    let service = AdministrationService(
      store: EventStore(log),
      log: SlowBackup(),
      projections: NoProjections(),
      replays: ReplayBoard(),
      started: .now
    )
    try await withLocalServices([service]) { events in
      let client = Wordweave_Events_V1_Administration.Client(wrapping: events.client)
      var request = Wordweave_Events_V1_BackupRequest()
      request.path = "/nowhere"
      let message = request
      await #expect(throws: HasEnough.self) {
        try await client.backup(message, metadata: Self.operators) { response in
          for try await _ in response.messages { throw HasEnough() }
        }
      }
      let holds1 = try await comesToHold { try await outcome(of: .logBackedUp, in: log) != nil }
      #expect(holds1)
    }
    #expect(try await outcome(of: .logBackedUp, in: log) == "broken off")
    await log.close()
  }

  @Test func anExportOfTheLog() async throws {
    let log = InMemoryEventLog()
    // Far more than waits for a reader.
    for _ in 0..<16 {
      let event = NewEvent(type: "T", data: [UInt8](repeating: 7, count: 1 << 20))
      _ = try await log.append(AppendRequest(to: "s-1", [event]))
    }
    try await withLocalServices([TransferService(store: EventStore(log))]) { events in
      let client = Wordweave_Events_V1_Transfer.Client(wrapping: events.client)
      await #expect(throws: HasEnough.self) {
        try await client.export(.init(), metadata: Self.operators) { response in
          for try await _ in response.messages { throw HasEnough() }
        }
      }
      let holds2 = try await comesToHold { try await outcome(of: .logExported, in: log) != nil }
      #expect(holds2)
    }
    #expect(try await outcome(of: .logExported, in: log) == "broken off")
    await log.close()
  }
}
