import EventLogCore
import EventLogInMemory
import EventsService
import GRPCCore
import MessagingCore
import ProjectionsCore
import Schemas
import Synchronization
import Testing

/// The services that look after a log, over the network.
@Suite struct OperationsTests {
  private typealias Administration = Wordweave_Events_V1_Administration
  private typealias Replays = Wordweave_Events_V1_Replays

  private struct Tokens: CallAuthority {
    func rights(of token: String) -> CallRights? { CallRights(token) }
  }

  private static func bearer(_ rights: String) -> GRPCCore.Metadata {
    ["authorization": .string("Bearer \(rights)")]
  }

  /// An engine that can be looked after.
  private struct Looked: LogAdministration {
    let handedOver = Counter()

    final class Counter: Sendable {
      private let number = Atomic<Int>(0)
      var value: Int { number.load(ordering: .relaxed) }
      func count() { number.wrappingAdd(1, ordering: .relaxed) }
    }

    func facts() async throws(EventLogError) -> LogFacts {
      var facts = LogFacts(engine: "test", events: 3, streams: 2, bytesOnDisk: 1)
      facts.leader = "there:1"
      facts.takesAppends = false
      return facts
    }
    func verify(
      progress: @escaping @Sendable (GlobalPosition) -> Void
    ) async throws(EventLogError) {}
    func backUp(
      to path: String,
      progress: @escaping @Sendable (BackupState) -> Void
    ) async throws(EventLogError) -> BackupState {
      guard path != "/full" else { throw .invalid("no room in \(path)") }
      var state = BackupState(phase: .done)
      state.files = 7
      return state
    }
    func compact(
      progress: @escaping @Sendable (CompactionState) -> Void
    ) async throws(EventLogError) {
      progress(CompactionState(part: "", done: 2, total: 2))
    }
    func handOverLeadership() async throws(EventLogError) { handedOver.count() }
  }

  /// An engine on which long work is under way.
  private struct Busy: LogAdministration {
    private static let refusal = EventLogError.overloaded(retryAfter: .seconds(1))

    func facts() async throws(EventLogError) -> LogFacts {
      LogFacts(engine: "test", events: 0, streams: 0, bytesOnDisk: 1)
    }
    func verify(
      progress: @escaping @Sendable (GlobalPosition) -> Void
    ) async throws(EventLogError) { throw Self.refusal }
    func backUp(
      to path: String,
      progress: @escaping @Sendable (BackupState) -> Void
    ) async throws(EventLogError) -> BackupState { throw Self.refusal }
    func compact(
      progress: @escaping @Sendable (CompactionState) -> Void
    ) async throws(EventLogError) { throw Self.refusal }
  }

  private struct Projections: ProjectionAdministration {
    let projections: [any ManagedProjection]
    func parked(of projection: ProjectionID) -> [ParkedStream] { [] }
    func redrive(_ stream: StreamName, of projection: ProjectionID) {}
  }

  /// Counts events.
  private struct Counting: Projection {
    static let id = ProjectionID(service: "test", name: "counts", version: 1)
    static let categories: Set<Category> = ["s"]
    static let query = EventQuery.all
    static let counts = ProjectionsCore.Counter("counts")
    static let collections: [any AnyCollection] = [counts]
    struct Unreadable: Error {}
    func apply(_ event: RecordedEvent, to model: inout ReadModelTransaction) throws {
      if event.type == "Broken" { throw Unreadable() }
      try model.add(1, to: Self.counts, at: DocumentKey(event.type.text))
    }
  }

  /// Lends all services over a log with a projection.
  private func with(
    authority: (any CallAuthority)? = nil,
    log: any LogAdministration = Looked(),
    _ body: (ServedEvents) async throws -> Void
  ) async throws {
    let engine = InMemoryEventLog()
    let model = try ReadModelStore(InMemoryReadModelEngine())
    let runtime = ProjectionRuntime(store: model, log: engine)
    _ = try runtime.open(Counting())
    let index = try EventsModule.auditIndex(in: runtime)
    let board = ReplayBoard()
    let running = Task { await board.run() }
    let projections = Projections(projections: runtime.projections)
    try await ServedEvents.with(
      authority: authority,
      engine: engine,
      services: {
        EventsModule.services(
          $0,
          log: log,
          projections: projections,
          audit: index,
          replays: board
        )
      },
      body
    )
    running.cancel()
    await running.value
    await model.close()
  }

  @Test func lookingAfterTheLogTakesTheRightAdmin() async throws {
    let looked = Looked()
    try await with(authority: Tokens(), log: looked) { served in
      let administration = Administration.Client(wrapping: served.client)
      let replays = Replays.Client(wrapping: served.client)
      let transfer = Wordweave_Events_V1_Transfer.Client(wrapping: served.client)
      var backup = Wordweave_Events_V1_BackupRequest()
      backup.path = "/nowhere"
      let path = backup
      var start = Wordweave_Events_V1_StartReplayRequest()
      start.consumer = "test/counts"
      let replay = start
      var named = Wordweave_Events_V1_ReplayRequestByID()
      named.id = "none"
      let id = named
      let calls: [(String, (GRPCCore.Metadata) async throws -> Void)] = [
        ("Status", { _ = try await administration.status(.init(), metadata: $0) }),
        ("GetLimits", { _ = try await administration.getLimits(.init(), metadata: $0) }),
        (
          "Backup",
          { metadata in
            try await administration.backup(path, metadata: metadata) { response in
              for try await _ in response.messages {}
            }
          }
        ),
        (
          "Compact",
          { metadata in
            try await administration.compact(.init(), metadata: metadata) { response in
              for try await _ in response.messages {}
            }
          }
        ),
        (
          "HandOverLeadership",
          { _ = try await administration.handOverLeadership(.init(), metadata: $0) }
        ),
        ("Start", { _ = try await replays.start(replay, metadata: $0) }),
        ("List", { _ = try await replays.list(.init(), metadata: $0) }),
        ("Get", { _ = try await replays.get(id, metadata: $0) }),
        ("Cancel", { _ = try await replays.cancel(id, metadata: $0) }),
        ("Restore", { _ = try await transfer.restore(.init(), metadata: $0) }),
        (
          "Export",
          { metadata in
            try await transfer.export(.init(), metadata: metadata) { response in
              for try await _ in response.messages {}
            }
          }
        ),
      ]
      for (name, call) in calls {
        #expect(await code { try await call([:]) } == .unauthenticated, "\(name)")
        for rights in ["read", "append", "read,append"] {
          #expect(
            await code { try await call(Self.bearer(rights)) } == .permissionDenied,
            "\(name)"
          )
        }
        let allowed = await code { try await call(Self.bearer("admin")) }
        #expect(allowed == (["Get", "Cancel"].contains(name) ? .notFound : nil), "\(name)")
      }
      #expect(looked.handedOver.value == 1)
    }
  }

  /// The caller has left.
  private struct Left: Error {}

  /// An export shows what reads show; but it is recorded, however soon it is broken off.
  @Test func whoMayOnlyReadCannotMakeTheLogGrow() async throws {
    try await with(authority: Tokens()) { served in
      _ = try await served.engine.append(AppendRequest(to: "s-1", [NewEvent(type: "T")]))
      let transfer = Wordweave_Events_V1_Transfer.Client(wrapping: served.client)
      for _ in 0..<100 {
        let refused = await code {
          try await transfer.export(.init(), metadata: Self.bearer("read")) { response in
            for try await _ in response.messages { throw Left() }
          }
        }
        #expect(refused == .permissionDenied)
      }
      let head = try await served.engine.head()
      #expect(head == GlobalPosition(1))
    }
  }

  private func code(_ body: () async throws -> Void) async -> RPCError.Code? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? RPCError)?.code ?? .unknown
    }
  }

  @Test func stateAndLimitsAreTold() async throws {
    try await with { served in
      let administration = Administration.Client(wrapping: served.client)
      let status = try await administration.status(.init())
      #expect(status.engine == "test" && status.leader == "there:1" && !status.takesAppends)
      #expect(status.epoch == 1 && status.startedAt > 0)
      let limits = try await administration.getLimits(.init()).limits
      #expect(limits.map(\.name) == limits.map(\.name).sorted())
      #expect(limits.first { $0.name == "data" }?.value == UInt64(EventLogLimits.dataBytes))
      #expect(limits.first { $0.name == "request" }?.unit == "events")
    }
  }

  @Test func aBackupTellsWhatItCameToOrWhyNot() async throws {
    try await with { served in
      let administration = Administration.Client(wrapping: served.client)
      func ask(_ path: String) async throws -> [Wordweave_Events_V1_BackupProgress] {
        var request = Wordweave_Events_V1_BackupRequest()
        request.path = path
        return try await administration.backup(request) { response in
          try await response.messages.reduce(into: []) { $0.append($1) }
        }
      }
      let told = try await ask("/somewhere")
      #expect(told.last?.finished == true && told.last?.files == 7)
      #expect(told.last?.path == "/somewhere")
      #expect(await code { _ = try await ask("relative") } == .invalidArgument)
      let error = await #expect(throws: RPCError.self) { _ = try await ask("/full") }
      #expect(error?.message.contains("no room") == true)
    }
    // An engine that does not know how says so.
    try await with(log: NoAdministration()) { served in
      let administration = Administration.Client(wrapping: served.client)
      var request = Wordweave_Events_V1_BackupRequest()
      request.path = "/somewhere"
      let path = request
      let refused = await code {
        try await administration.backup(path) { response in
          for try await _ in response.messages {}
        }
      }
      #expect(refused == .invalidArgument)
    }
  }

  @Test func besideOtherWorkOnTheLogItIsRefusedAndNotRecorded() async throws {
    try await with(log: Busy()) { served in
      let administration = Administration.Client(wrapping: served.client)
      var request = Wordweave_Events_V1_BackupRequest()
      request.path = "/somewhere"
      let backup = request
      let calls: [() async throws -> Void] = [
        { try await administration.verify(.init()) { for try await _ in $0.messages {} } },
        { try await administration.compact(.init()) { for try await _ in $0.messages {} } },
        { try await administration.backup(backup) { for try await _ in $0.messages {} } },
      ]
      for call in calls {
        let error = await #expect(throws: RPCError.self) { try await call() }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("already") == true)
      }
      let head = try await served.engine.head()
      #expect(head == .start)
    }
  }

  // MARK: replays

  private static func fill(_ engine: any EventLogEngine) async throws {
    for number in 0..<40 {
      let type = number == 33 ? "Broken" : number.isMultiple(of: 4) ? "Rare" : "Often"
      let event = NewEvent(type: EventType(type), tags: [Tag("n:\(number % 2)")])
      _ = try await engine.append(AppendRequest(to: StreamName("s-\(number % 5)"), [event]))
    }
  }

  private func settled(
    _ id: String,
    _ replays: Replays.Client<some ClientTransport>
  ) async throws -> Wordweave_Events_V1_Replay {
    var request = Wordweave_Events_V1_ReplayRequestByID()
    request.id = id
    let begin = ContinuousClock.now
    while true {
      let replay = try await replays.get(request)
      if replay.state != .running { return replay }
      try #require(ContinuousClock.now - begin < .seconds(20), "it never ended")
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test func aReplayFeedsARangeAndTellsWhatFailed() async throws {
    try await with { served in
      try await Self.fill(served.engine)
      let replays = Replays.Client(wrapping: served.client)
      var request = Wordweave_Events_V1_StartReplayRequest()
      request.consumer = "test/counts"
      let whole = try await settled(try await replays.start(request).id, replays)
      #expect(whole.state == .finished && whole.position == 40 && whole.events == 40)
      #expect(whole.failures.count == 1 && whole.failures[0].contains("position 34"))
      request.types = ["Rare"]
      request.tags = ["n:0"]
      request.after = 4
      request.through = 20
      let some = try await settled(try await replays.start(request).id, replays)
      // Positions 5, 9, 13 and 17.
      #expect(some.state == .finished && some.events == 4 && some.failures.isEmpty)
      #expect(some.types == ["Rare"] && some.after == 4 && some.through == 20)
      let listed = try await replays.list(.init()).replays
      #expect(listed.map(\.id) == [some.id, whole.id])
      request.consumer = "test/nothing"
      let unknown = request
      #expect(await code { _ = try await replays.start(unknown) } == .notFound)
      request.consumer = "test/counts"
      request.after = 30
      let backwards = request
      #expect(await code { _ = try await replays.start(backwards) } == .invalidArgument)
      request.after = 0
      request.types = [String(repeating: "t", count: 256)]
      let tooLong = request
      #expect(await code { _ = try await replays.start(tooLong) } == .invalidArgument)
    }
  }

  @Test func soManyReplaysRunAndNotOneMore() async throws {
    try await with { served in
      try await Self.fill(served.engine)
      let replays = Replays.Client(wrapping: served.client)
      var request = Wordweave_Events_V1_StartReplayRequest()
      request.consumer = "test/counts"
      request.rate = 1
      let slow = request
      var ids: [String] = []
      for _ in 0..<4 { ids.append(try await replays.start(slow).id) }
      #expect(await code { _ = try await replays.start(slow) } == .failedPrecondition)
      let status = try await Administration.Client(wrapping: served.client).status(.init())
      #expect(status.replaysRunning == 4)
      var named = Wordweave_Events_V1_ReplayRequestByID()
      for id in ids {
        named.id = id
        #expect(try await replays.cancel(named).state == .cancelled)
        // A second time it stays as it is.
        #expect(try await replays.cancel(named).state == .cancelled)
      }
      let next = try await replays.start(slow)
      #expect(next.state == .running)
      named.id = next.id
      _ = try await replays.cancel(named)
    }
  }
}
