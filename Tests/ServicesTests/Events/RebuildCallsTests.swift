import EventLogCore
import EventLogInMemory
import GRPCCore
import Logging
import MessagingCore
import PostsService
import ProjectionsCore
import Schemas
import SwiftProtobuf
import Synchronization
import Testing

@testable import EventsService

/// What rebuilds and comparisons tell whoever asks for them.
@Suite(.timeLimit(.minutes(2))) struct RebuildCallsTests {
  @Test func aRebuildTellsTheDigestsThatWereCompared() async throws {
    let world = try World()
    try await world.running {
      try await world.append("s-1")
      let last = try await world.rebuild("events/audit")
      #expect(last.phase == "cutOver", "\(last.message)")
      #expect(last.finished)
      // Its own record was folded between the comparison and the cut-over.
      #expect(!last.liveDigest.isEmpty)
      #expect(last.liveDigest == last.freshDigest)
    }
  }

  @Test func aComparisonOfTheAuditLooksAtItsIndex() async throws {
    let world = try World()
    try await world.running {
      try await world.append("s-1")
      let equal = try await world.compare("events/audit")
      #expect(equal.phase == "equal", "\(equal.message)")
      #expect(equal.liveDigest == equal.freshDigest)
      let generation = try await world.audit.status().generation
      try await GenerationStore(generation, in: world.store).transact { transaction in
        let posting = AuditIndex.key("s").with(UInt64(1))
        try transaction.delete(posting, in: AuditIndex.entities)
      }
      let different = try await world.compare("events/audit")
      #expect(different.phase == "different")
      #expect(!different.liveDigest.isEmpty && !different.freshDigest.isEmpty)
      #expect(different.liveDigest != different.freshDigest)
      #expect(different.message.contains("only the shadow has document"))
      #expect(different.message.contains("without the comparison"))
    }
  }

  @Test func aComparisonOfTheAuditSaysWhereItProvesNothing() async throws {
    let world = try World()
    try await world.running {
      try await world.append("s-1", count: 3)
      #expect(try await world.compare("events/audit").phase == "equal")
      _ = try await world.log.append(.truncating("s-1", before: StreamRevision(2)))
      let checked = try await world.compare("events/audit")
      #expect(checked.phase == "checked")
      #expect(!checked.liveDigest.isEmpty && !checked.freshDigest.isEmpty)
      #expect(checked.liveDigest != checked.freshDigest)
      #expect(checked.message.contains("removed"))
      let rebuilt = try await world.rebuild("events/audit")
      #expect(rebuilt.phase == "cutOver", "\(rebuilt.message)")
      #expect(rebuilt.liveDigest == rebuilt.freshDigest)
      // Both lack what was removed: now they can be compared.
      #expect(try await world.compare("events/audit").phase == "equal")
    }
  }

  @Test func aComparisonLeavesWhatARollbackReturnsTo() async throws {
    let world = try World()
    try await world.running {
      try await world.append("s-1")
      let before = try await world.audit.status().generation
      _ = try await world.rebuild("events/audit")
      #expect(try await world.compare("events/audit").phase == "equal")
      let back = try await world.service.rollBack(
        request: .with { $0.name = "events/audit" },
        context: World.context
      )
      #expect(back.generation == UInt64(before))
    }
  }

  @Test func afterARemovalARebuildTakesOverWithoutTheComparisonAlone() async throws {
    let world = try World()
    let draft = try NewEvent.drafted("Tides", by: "ada")
    _ = try await world.log.append(AppendRequest(to: "post-1", [draft]))
    try await world.posts.catchUp()
    _ = try await world.log.append(.tombstoning("post-1"))
    try await world.running {
      let failed = try await world.rebuild("posts/posts")
      #expect(failed.phase == "failed")
      #expect(failed.liveDigest != failed.freshDigest)
      #expect(failed.message.contains("only live has document"))
      #expect(failed.message.contains("without the comparison"))
      #expect(try await world.compare("posts/posts").phase == "different")
      let taken = try await world.rebuild("posts/posts") { $0.withoutComparison = true }
      #expect(taken.phase == "cutOver", "\(taken.message)")
      #expect(taken.liveDigest == taken.freshDigest)
      #expect(taken.liveDigest == failed.freshDigest)
      #expect(try await world.compare("posts/posts").phase == "equal")
      // That nothing was compared is on record.
      let started = try await world.log.read(
        "$admin",
        from: .first,
        direction: .forward,
        limit: 100
      )
      .events.filter { $0.type.text == "$projection-rebuild-started" }
      .map { try AuditWorld.Action(serializedBytes: $0.data) }
      #expect(started.map { $0.details.map(\.name) } == [[], ["comparison"]])
    }
  }

  @Test func aRebuildThatIsNotComparedWaitsForItsCutOverToo() async throws {
    let world = try World()
    try await world.running {
      try await world.append("s-1")
      let ready = try await world.rebuild("events/audit") {
        $0.withoutComparison = true
        $0.withoutCutOver = true
      }
      #expect(ready.phase == "ready", "\(ready.message)")
      #expect(ready.liveDigest.isEmpty)
      #expect(!ready.freshDigest.isEmpty)
    }
  }
}

private typealias Progress = Wordweave_Events_V1_RebuildProgress

/// Keeps the last message.
private final class LastMessage: RPCWriterProtocol {
  private let message = Mutex<Progress?>(nil)
  var value: Progress? { message.withLock { $0 } }

  func write(_ element: Progress) async throws { message.withLock { $0 = element } }
  func write(contentsOf elements: some Sequence<Progress>) async throws {
    for element in elements { try await write(element) }
  }
}

/// The administration of the audit's projection and the posts', without what runs around it.
private struct World: ProjectionAdministration {
  static let context = ServerContext(
    descriptor: MethodDescriptor(fullyQualifiedService: "test", method: "rebuilt"),
    remotePeer: "in-process",
    localPeer: "in-process",
    cancellation: ServerContext.RPCCancellationHandle()
  )

  let log: InMemoryEventLog
  let store: ReadModelStore
  let runtime: ProjectionRuntime
  let audit: LiveProjection<AuditProjection>
  let posts: LiveProjection<PostsProjection>

  init() throws {
    log = InMemoryEventLog()
    store = try ReadModelStore(InMemoryReadModelEngine())
    runtime = ProjectionRuntime(
      store: store,
      log: log,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    )
    audit = try runtime.open(AuditProjection())
    posts = try runtime.open(PostsProjection())
  }

  var projections: [any ManagedProjection] { runtime.projections }
  func parked(of projection: ProjectionID) -> [ParkedStream] { [] }
  func redrive(_ stream: StreamName, of projection: ProjectionID) {}

  var service: AdministrationService {
    AdministrationService(
      store: EventStore(log),
      log: NoAdministration(),
      projections: self,
      replays: ReplayBoard(),
      started: .now
    )
  }

  /// Runs `body` while the projections run; the posts' without lanes, so that it is filled by
  /// rebuilds alone.
  func running(_ body: @Sendable @escaping () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await runtime.run(lanes: NoLanes()) }
      defer { group.cancelAll() }
      for projection in projections {
        while try await projection.status().state == .stopped { await Task.yield() }
      }
      try await body()
    }
    await store.close()
  }

  func append(_ stream: StreamName, count: Int = 1) async throws {
    let events = Array(repeating: NewEvent.audited("T", by: "ada"), count: count)
    _ = try await log.append(AppendRequest(to: stream, events))
  }

  func rebuild(
    _ name: String,
    _ change: (inout Wordweave_Events_V1_RebuildRequest) -> Void = { _ in }
  ) async throws -> Progress {
    var request = Wordweave_Events_V1_RebuildRequest()
    request.name = name
    change(&request)
    let last = LastMessage()
    try await service.rebuild(
      request: request,
      response: RPCWriter(wrapping: last),
      context: Self.context
    )
    return try #require(last.value)
  }

  func compare(_ name: String) async throws -> Progress {
    let last = LastMessage()
    try await service.compare(
      request: .with { $0.name = name },
      response: RPCWriter(wrapping: last),
      context: Self.context
    )
    return try #require(last.value)
  }
}
