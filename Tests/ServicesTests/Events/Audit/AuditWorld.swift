import EventLogCore
import EventLogInMemory
import GRPCCore
import GRPCInProcessTransport
import Logging
import MessagingCore
import ProjectionsCore
import Schemas
import SwiftProtobuf

@testable import EventsService

typealias AuditAPI = Wordweave_Events_V1_Audit
typealias AdministrationAPI = Wordweave_Events_V1_Administration
typealias StreamsAPI = Wordweave_Events_V1_Streams

/// The Event Service with its audit over a log in memory, reached as the gateway reaches it.
struct AuditWorld: Sendable {
  let log: InMemoryEventLog
  let clock: TestClock
  let index: any ProjectionReader
  let audit: AuditAPI.Client<InProcessTransport.Client>
  let administration: AdministrationAPI.Client<InProcessTransport.Client>
  let streams: StreamsAPI.Client<InProcessTransport.Client>
  let transfer: Wordweave_Events_V1_Transfer.Client<InProcessTransport.Client>

  var search: AuditSearch { AuditSearch(engine: log, index: index) }

  /// Runs `body` while everything runs.
  static func run(_ body: @Sendable @escaping (AuditWorld) async throws -> Void) async throws {
    let clock = TestClock()
    let log = InMemoryEventLog(clock: { clock.now })
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let runtime = ProjectionRuntime(
      store: try ReadModelStore(InMemoryReadModelEngine()),
      log: log,
      logger: logger
    )
    let index = try EventsModule.auditIndex(in: runtime)
    let transport = InProcessTransport()
    let client = GRPCClient(transport: transport.client)
    let server = GRPCServer(
      transport: transport.server,
      services: EventsModule.services(
        EventStore(log, logger: logger),
        log: NoAdministration(),
        projections: RuntimeProjections(runtime: runtime),
        audit: index,
        replays: ReplayBoard()
      ),
      interceptors: EventsModule.interceptors
    )
    let world = AuditWorld(
      log: log,
      clock: clock,
      index: index,
      audit: AuditAPI.Client(wrapping: client),
      administration: AdministrationAPI.Client(wrapping: client),
      streams: StreamsAPI.Client(wrapping: client),
      transfer: Wordweave_Events_V1_Transfer.Client(wrapping: client)
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.serve() }
      group.addTask { try await client.runConnections() }
      group.addTask { try? await runtime.run(lanes: NoLanes()) }
      defer { group.cancelAll() }
      // The projection runs once it has filled the empty log.
      try await index.read(atLeast: nil, stream: nil, patience: .seconds(20)) { _ in }
      try await body(world)
      client.beginGracefulShutdown()
      server.beginGracefulShutdown()
    }
  }

  private struct RuntimeProjections: ProjectionAdministration {
    let runtime: ProjectionRuntime
    var projections: [any ManagedProjection] { runtime.projections }
    func parked(of projection: ProjectionID) -> [ParkedStream] { [] }
    func redrive(_ stream: StreamName, of projection: ProjectionID) {}
  }

  /// The operator, as the gateway names them.
  static let metadata: GRPCCore.Metadata = [
    "ww-actor": "operator", "ww-roles": "operator", "ww-correlation-id": "request-1",
  ]

  @discardableResult
  func append(
    _ events: [NewEvent],
    to stream: StreamName?
  ) async throws -> AppendReceipt {
    try await log.append(AppendRequest(to: stream, events))
  }

  /// Waits until the index has everything, however long that takes.
  func indexed() async throws {
    try await index.read(atLeast: try await log.head(), stream: nil, patience: .seconds(60)) { _ in
    }
  }

  /// The events of `$admin`, oldest first.
  func actions() async throws -> [(event: RecordedEvent, action: Action)] {
    try await log.read("$admin", from: .first, direction: .forward, limit: 100).events.map {
      ($0, try Action(serializedBytes: $0.data))
    }
  }

  typealias Action = Wordweave_Events_V1_AdministrativeAction

  /// Every event that a search finds, page by page.
  func all(
    _ criteria: Wordweave_Events_V1_AuditCriteria,
    limit: UInt32,
    oldestFirst: Bool
  ) async throws -> [UInt64] {
    var request = Wordweave_Events_V1_AuditSearchRequest()
    request.criteria = criteria
    request.limit = limit
    request.oldestFirst = oldestFirst
    var found: [UInt64] = []
    repeat {
      let page = try await audit.search(request, metadata: Self.metadata)
      found += page.events.map(\.position)
      request.pageToken = page.pageToken
    } while !request.pageToken.isEmpty
    return found
  }
}

extension NewEvent {
  /// An event with what the audit finds it by.
  static func audited(
    _ type: String,
    id: EventID? = nil,
    by actor: String? = nil,
    correlation: String? = nil,
    cause: String? = nil,
    tags: [Tag] = [],
    data: [UInt8] = []
  ) -> NewEvent {
    var metadata = EventLogCore.Metadata()
    metadata[EventLogCore.Metadata.Keys.actor] = actor
    metadata[EventLogCore.Metadata.Keys.correlationID] = correlation
    metadata[EventLogCore.Metadata.Keys.causationID] = cause
    return NewEvent(id: id, type: EventType(type), data: data, tags: tags, metadata: metadata)
  }

  static func drafted(_ title: String, tags: [String] = [], by actor: String) throws -> NewEvent {
    let message = Wordweave_Posts_V1_PostDrafted.with {
      $0.postID = "1"
      $0.title = title
      $0.tags = tags
    }
    return audited("PostDrafted", by: actor, data: try message.serializedBytes())
  }

  static func deleted(for reason: String, at time: Int64, by actor: String) throws -> NewEvent {
    let message = Wordweave_Posts_V1_PostDeleted.with {
      $0.reason = reason
      $0.deletedAt = time
    }
    return audited("PostDeleted", by: actor, data: try message.serializedBytes())
  }

  static func edited(
    by actor: String,
    _ change: (inout Wordweave_Posts_V1_PostEdited) -> Void
  ) throws -> NewEvent {
    let message = Wordweave_Posts_V1_PostEdited.with(change)
    return audited("PostEdited", by: actor, data: try message.serializedBytes())
  }
}
