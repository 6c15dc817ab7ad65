internal import EventLogCore
internal import GRPCCore
internal import MessagingCore
internal import ProjectionsCore
internal import Schemas

/// Looking after the log and its projections over gRPC.
struct AdministrationService: Wordweave_Events_V1_Administration.SimpleServiceProtocol {
  let store: EventStore
  let log: any LogAdministration
  let projections: any ProjectionAdministration
  let replays: ReplayBoard
  /// When the process began to serve.
  let started: Timestamp

  var record: ActionRecord { ActionRecord(engine: store.engine) }

  func stats(
    request: Wordweave_Events_V1_StatsRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_StatsResponse {
    try await answering {
      let facts = try await log.facts()
      var answer = Wordweave_Events_V1_StatsResponse()
      answer.head = facts.events
      answer.log = store.identity.text
      answer.engine = facts.engine
      answer.streams = facts.streams
      answer.bytesOnDisk = facts.bytesOnDisk
      try await TypeCensus.count(in: store.engine).tell(in: &answer)
      return answer
    }
  }

  func verify(
    request: Wordweave_Events_V1_VerifyRequest,
    response: RPCWriter<Wordweave_Events_V1_VerifyProgress>,
    context: ServerContext
  ) async throws {
    let total = try await answering { try await store.engine.head().number }
    let reached = Latest<UInt64>()
    var last = Wordweave_Events_V1_VerifyProgress()
    last.total = total
    last.finished = true
    do {
      try await alone {
        try await reached.following(every: Pace.progress) {
          try await log.verify { reached.set($0.number) }
        } tell: { position in
          var progress = Wordweave_Events_V1_VerifyProgress()
          progress.done = position
          progress.total = total
          try await response.write(progress)
        }
      }
      last.done = total
    } catch let error as EventLogError {
      guard case .corrupt = error else { throw RPCError(code: error.status, message: "\(error)") }
      last.done = reached.value ?? 0
      last.findings = [error.description]
    }
    // What was found is told in any case: a damaged log may not take the record of it.
    let noted: Result<Void, any Error>
    do {
      noted = .success(
        try await record.note(
          .logVerified,
          of: "log",
          outcome: last.findings.isEmpty ? "sound" : "damaged",
          details: [("through", "\(last.done)")]
        )
      )
    } catch {
      noted = .failure(error)
    }
    try await response.write(last)
    try noted.get()
  }

  func listProjections(
    request: Wordweave_Events_V1_ListProjectionsRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ListProjectionsResponse {
    var answer = Wordweave_Events_V1_ListProjectionsResponse()
    for projection in projections.projections.sorted(by: { $0.id.title < $1.id.title }) {
      answer.projections.append(try await status(of: projection))
    }
    return answer
  }

  func cancelRebuild(
    request: Wordweave_Events_V1_ProjectionRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ProjectionStatus {
    try await command(request.name, .rebuildCancelled) { try await $0.cancelRebuild() }
  }

  func cutOver(
    request: Wordweave_Events_V1_ProjectionRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ProjectionStatus {
    try await command(request.name, .cutOver) { try await $0.cutOver() }
  }

  func rollBack(
    request: Wordweave_Events_V1_ProjectionRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ProjectionStatus {
    try await command(request.name, .rolledBack) { try await $0.rollBack() }
  }

  func rebuild(
    request: Wordweave_Events_V1_RebuildRequest,
    response: RPCWriter<Wordweave_Events_V1_RebuildProgress>,
    context: ServerContext
  ) async throws {
    let projection = try projections.named(request.name)
    try await refusing {
      // A rebuild that a kill or a lost connection left behind is followed, not begun again.
      let isMine = try await projection.status().rebuild?.phase.isUnfinished != true
      if isMine {
        try await projection.startRebuild(comparing: request.withoutComparison ? .itself : .live)
        try await record.note(
          .rebuildStarted,
          of: projection.id.title,
          outcome: "started",
          details: request.withoutComparison ? [("comparison", "none")] : []
        )
      }
      // It may go on by itself, but this call will not see its end.
      let settled = try await record.noting(.rebuildEnded, of: projection.id.title) {
        isMine ? [] : nil
      } during: {
        try await follow(projection, response)
      }
      if isMine {
        try await record.note(
          .rebuildEnded,
          of: projection.id.title,
          outcome: settled.phase.rawValue
        )
      }
      guard settled.phase == .ready, !request.withoutCutOver else {
        return try await response.write(last(settled))
      }
      try await projection.cutOver()
      try await record.note(.cutOver, of: projection.id.title)
      try await response.write(last(try await current(projection)))
    }
  }

  func compare(
    request: Wordweave_Events_V1_ProjectionRequest,
    response: RPCWriter<Wordweave_Events_V1_RebuildProgress>,
    context: ServerContext
  ) async throws {
    let projection = try projections.named(request.name)
    try await refusing {
      try await projection.startComparison()
      // The rebuild has begun, and may go on by itself.
      let done = try await record.noting(
        .compared,
        of: projection.id.title,
        during: { try await compared(projection, response) }
      )
      try await record.note(.compared, of: projection.id.title, outcome: done.phase)
      try await response.write(done)
    }
  }

  func replay(
    request: Wordweave_Events_V1_ReplayRequest,
    response: RPCWriter<Wordweave_Events_V1_ReplayProgress>,
    context: ServerContext
  ) async throws {
    let projection = try projections.named(request.name)
    try await refusing {
      let head = try await store.engine.head()
      let through = request.through == 0 ? head : min(GlobalPosition(request.through), head)
      let reached = Latest<Rehearsal>()
      let result = try await reached.following(every: Pace.progress) {
        try await projection.rehearse(
          RehearsalPlan(after: GlobalPosition(request.after), through: through)
        ) { reached.set($0) }
      } tell: { progress in
        try await response.write(.init(progress, from: request.after, through: through))
      }
      var done = Wordweave_Events_V1_ReplayProgress(result, from: request.after, through: through)
      done.finished = true
      try await record.note(
        .replayed,
        of: projection.id.title,
        details: [
          ("after", "\(request.after)"), ("through", "\(through)"),
          ("failures", "\(done.failures)"),
        ]
      )
      try await response.write(done)
    }
  }

  func listParked(
    request: Wordweave_Events_V1_ListParkedRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ListParkedResponse {
    var answer = Wordweave_Events_V1_ListParkedResponse()
    let asked =
      request.name.isEmpty ? projections.projections : [try projections.named(request.name)]
    for projection in asked.sorted(by: { $0.id.title < $1.id.title }) {
      answer.parked += projections.parked(of: projection.id).map {
        Wordweave_Events_V1_ParkedStream($0, of: projection.id)
      }
    }
    return answer
  }

  func redrive(
    request: Wordweave_Events_V1_RedriveRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_RedriveResponse {
    let projection = try projections.named(request.name)
    let parked = projections.parked(of: projection.id).map(\.stream)
    let wanted = parked.filter { request.stream.isEmpty || $0.text == request.stream }
    guard !wanted.isEmpty || request.stream.isEmpty else {
      throw RPCError(
        code: .notFound,
        message: "stream '\(request.stream)' is not parked for \(projection.id.title)"
      )
    }
    for stream in wanted { projections.redrive(stream, of: projection.id) }
    if !wanted.isEmpty {
      try await record.note(
        .redriven,
        of: projection.id.title,
        outcome: "started",
        details: [("streams", "\(wanted.count)"), ("stream", request.stream)]
      )
    }
    var answer = Wordweave_Events_V1_RedriveResponse()
    answer.streams = UInt64(wanted.count)
    return answer
  }
}

// What several calls share.
extension AdministrationService {
  private func command(
    _ name: String,
    _ kind: AdministrativeKind,
    _ body: (any ManagedProjection) async throws -> Void
  ) async throws -> Wordweave_Events_V1_ProjectionStatus {
    let projection = try projections.named(name)
    return try await refusing {
      try await body(projection)
      try await record.note(kind, of: projection.id.title)
      return try await status(of: projection)
    }
  }

  /// Runs `body` and turns what a rebuild or a dry run refuses into a precondition that failed.
  private func refusing<R>(_ body: () async throws -> R) async throws -> R {
    do {
      return try await answering(body)
    } catch let error as RebuildError {
      throw RPCError(code: .failedPrecondition, message: error.description)
    } catch let error as RehearsalError {
      throw RPCError(code: .failedPrecondition, message: error.description)
    }
  }

  private func status(
    of projection: any ManagedProjection
  ) async throws -> Wordweave_Events_V1_ProjectionStatus {
    Wordweave_Events_V1_ProjectionStatus(try await projection.status())
  }

  private func current(_ projection: any ManagedProjection) async throws -> RebuildStatus {
    guard let rebuild = try await projection.status().rebuild else {
      throw RPCError(code: .aborted, message: "the rebuild of \(projection.id.title) is gone")
    }
    return rebuild
  }

  /// Tells progress until the rebuild neither fills nor verifies any more.
  private func follow(
    _ projection: any ManagedProjection,
    _ response: RPCWriter<Wordweave_Events_V1_RebuildProgress>
  ) async throws -> RebuildStatus {
    let total = try await store.engine.head()
    return try await withThrowingTaskGroup(of: RebuildStatus?.self) { group in
      group.addTask {
        while true {
          let rebuild = try await current(projection)
          try await response.write(.init(rebuild, total: total))
          try await Task.sleep(for: Pace.progress)
        }
      }
      group.addTask {
        if let settled = try await projection.rebuildSettled() { return settled }
        return try await current(projection)
      }
      defer { group.cancelAll() }
      // Whoever tells ends by an error alone: then nobody hears it any more.
      while let settled = try await group.next() {
        if let settled { return settled }
      }
      throw CancellationError()
    }
  }

  /// Follows the rebuild of a comparison to its end, and drops it unless it failed.
  private func compared(
    _ projection: any ManagedProjection,
    _ response: RPCWriter<Wordweave_Events_V1_RebuildProgress>
  ) async throws -> Wordweave_Events_V1_RebuildProgress {
    let settled = try await follow(projection, response)
    var done = try await last(settled)
    done.tell(comparison: settled)
    if settled.phase == .ready { try await projection.cancelRebuild() }
    return done
  }

  private func last(
    _ rebuild: RebuildStatus
  ) async throws -> Wordweave_Events_V1_RebuildProgress {
    var done = Wordweave_Events_V1_RebuildProgress(
      rebuild,
      total: try await store.engine.head()
    )
    done.finished = true
    return done
  }
}
