import EventLogConformance
import EventLogCore
import EventLogInMemory
import EventsService
import GRPCCore
import GRPCInProcessTransport
import Schemas
import ServiceKit
import SwiftProtobuf
import Testing

/// Notes that lie far behind the end of a control stream, in several processes.
@Suite(.timeLimit(.minutes(1))) struct NoteSnapshotsTests {
  private typealias Streams = Wordweave_Events_V1_Streams

  /// Control events of one page: what is read anyway.
  private static let page = 64

  @Test func aNoteFarBehindIsFoundOnceAndSharedThen() async throws {
    let log = CountingLog(InMemoryEventLog())
    _ = try await log.append(AppendRequest(to: "s", (0..<400).map { _ in NewEvent(type: "E") }))
    let store = InMemorySnapshots()
    try await Self.serve(log, over: store) { streams, queue in
      _ = try await streams.setMetadata(
        .with {
          $0.stream = "s"
          $0.metadata = .with {
            $0.entries = [
              .with {
                $0.key = "owner"; $0.value = "ada"
              }
            ]
          }
        }
      )
      for revision in 1...300 {
        _ = try await log.append(.truncating("s", before: StreamRevision(UInt64(revision))))
      }
      _ = log.takeCount()
      let first = try await Self.note(streams)
      #expect(first.metadata.entries.map(\.value) == ["ada"])
      // The last event of the stream, and all 301 of its control stream.
      #expect(log.takeCount() == 1 + 301)
      try await eventually("the note is shared") { store.count == 1 }
      for revision in 301...310 {
        _ = try await log.append(.truncating("s", before: StreamRevision(UInt64(revision))))
      }
    }
    // Another process.
    try await Self.serve(log, over: store) { streams, queue in
      _ = log.takeCount()
      let second = try await Self.note(streams)
      #expect(second.metadata.entries.map(\.value) == ["ada"])
      #expect(second.notedAt == 401)
      #expect(log.takeCount() == 1 + Self.page)
      // A newer note is seen at once.
      _ = try await streams.setMetadata(
        .with {
          $0.stream = "s"
          $0.metadata = .with {
            $0.entries = [
              .with {
                $0.key = "owner"; $0.value = "bob"
              }
            ]
          }
        }
      )
      #expect(try await Self.note(streams).metadata.entries.map(\.value) == ["bob"])
    }
  }

  @Test func whatIsKeptOfAnotherPastIsPassedOver() async throws {
    let log = CountingLog(InMemoryEventLog())
    _ = try await log.append(AppendRequest(to: "s", (0..<400).map { _ in NewEvent(type: "E") }))
    for revision in 1...200 {
      _ = try await log.append(.truncating("s", before: StreamRevision(UInt64(revision))))
    }
    let store = InMemorySnapshots()
    await store.save([
      Snapshot(
        key: SnapshotKey(
          log: log.identity,
          stream: StreamName("s").control,
          shape: StateShape(name: "events.note", version: 1)
        ),
        revision: StreamRevision(190),
        position: GlobalPosition(591),
        eventID: .make(),
        state: [0, 0, 0, 0, 0, 0, 0, 9]
      )
    ])
    try await Self.serve(log, over: store) { streams, _ in
      let answer = try await Self.note(streams)
      #expect(!answer.hasMetadata)
      #expect(answer.notedAt == 0)
    }
  }

  private static func note(
    _ streams: Streams.Client<InProcessTransport.Client>
  ) async throws -> Wordweave_Events_V1_GetMetadataResponse {
    try await streams.getMetadata(.with { $0.stream = "s" })
  }

  private static func serve(
    _ log: CountingLog,
    over store: any SnapshotStore,
    _ body:
      @Sendable @escaping (
        Streams.Client<InProcessTransport.Client>, SnapshotQueue
      ) async throws -> Void
  ) async throws {
    try await saving(over: store) { queue in
      let transport = InProcessTransport()
      let client = GRPCClient(transport: transport.client)
      let services = EventsModule.logServices(
        EventStore(log),
        log: NoAdministration(),
        snapshots: queue
      )
      let server = GRPCServer(transport: transport.server, services: services)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.serve() }
        group.addTask { try await client.runConnections() }
        defer { group.cancelAll() }
        try await body(Streams.Client(wrapping: client), queue)
        client.beginGracefulShutdown()
        server.beginGracefulShutdown()
      }
    }
  }
}
