internal import EventLogCore
internal import GRPCCore
internal import ProjectionsCore
internal import Schemas

/// Replays in the background, over gRPC.
struct ReplaysService: Wordweave_Events_V1_Replays.SimpleServiceProtocol {
  let store: EventStore
  let projections: any ProjectionAdministration
  let board: ReplayBoard

  private var record: ActionRecord { ActionRecord(engine: store.engine) }

  func start(
    request: Wordweave_Events_V1_StartReplayRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_Replay {
    let projection = try projections.named(request.consumer)
    return try await answering {
      let head = try await store.engine.head()
      let through = request.through == 0 ? head : min(GlobalPosition(request.through), head)
      guard request.after <= through.number else {
        throw EventLogError.invalid("the range ends at \(through), before its beginning")
      }
      let plan = RehearsalPlan(
        after: GlobalPosition(request.after),
        through: through,
        query: try query(request),
        rate: request.rate == 0 ? nil : request.rate
      )
      let run = try board.start(plan, for: projection)
      try await record.note(
        .replayStarted,
        of: projection.id.title,
        outcome: "started",
        details: [("id", run.id), ("after", "\(plan.after)"), ("through", "\(through)")]
      )
      return Wordweave_Events_V1_Replay(run)
    }
  }

  func get(
    request: Wordweave_Events_V1_ReplayRequestByID,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_Replay {
    guard let run = board.find(request.id) else { throw Self.unknown(request.id) }
    return Wordweave_Events_V1_Replay(run)
  }

  func list(
    request: Wordweave_Events_V1_ListReplaysRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ListReplaysResponse {
    var answer = Wordweave_Events_V1_ListReplaysResponse()
    answer.replays = board.runs.map(Wordweave_Events_V1_Replay.init)
    return answer
  }

  func cancel(
    request: Wordweave_Events_V1_ReplayRequestByID,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_Replay {
    guard let run = board.cancel(request.id) else { throw Self.unknown(request.id) }
    try await record.note(.replayCancelled, of: run.consumer, details: [("id", run.id)])
    return Wordweave_Events_V1_Replay(run)
  }

  private func query(
    _ request: Wordweave_Events_V1_StartReplayRequest
  ) throws(EventLogError) -> EventQuery {
    guard !request.types.isEmpty || !request.tags.isEmpty else { return .all }
    let query = EventQuery([
      EventQuery.Item(
        types: request.types.map { EventType($0) },
        tags: request.tags.map { Tag($0) }
      )
    ])
    try query.validate()
    return query
  }

  private static func unknown(_ id: String) -> RPCError {
    RPCError(code: .notFound, message: "there is no replay '\(id)'")
  }
}

extension ProjectionAdministration {
  /// The projection of this title.
  func named(_ title: String) throws(RPCError) -> any ManagedProjection {
    guard let found = projections.first(where: { $0.id.title == title }) else {
      let names = projections.map(\.id.title).sorted().joined(separator: ", ")
      throw RPCError(
        code: .notFound,
        message: "there is no projection '\(title)'; there are \(names)"
      )
    }
    return found
  }
}

extension Wordweave_Events_V1_Replay {
  fileprivate init(_ run: ReplayRun) {
    self.init()
    id = run.id
    consumer = run.consumer
    after = run.plan.after.number
    through = run.plan.through.number
    types = run.plan.query.items.flatMap(\.types).map(\.text)
    tags = run.plan.query.items.flatMap(\.tags).map(\.text)
    rate = run.plan.rate ?? 0
    position = run.progress?.position.number ?? after
    events = run.progress?.events ?? 0
    writes = run.progress?.writes ?? 0
    failures = run.progress?.failures ?? []
    startedAt = run.started.microseconds
    endedAt = run.ended?.microseconds ?? 0
    switch run.state {
    case .running: state = .running
    case .finished: state = .finished
    case .cancelled: state = .cancelled
    case .failed(let reason):
      state = .failed
      error = reason
    }
  }
}
