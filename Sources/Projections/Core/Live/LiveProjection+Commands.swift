public import EventLogCore
internal import MessagingCore
internal import Synchronization

// What operators ask and tell.
extension LiveProjection {
  /// Begins a rebuild and answers when its shadow generation exists.
  public func startRebuild(comparing: RebuildComparison) async throws {
    try await ask(.start(comparing, keepsPrevious: false))
  }
  /// Begins a rebuild that is to be compared with the live generation and then given up; answers
  /// as `startRebuild`, and leaves what a rollback returns to.
  public func startComparison() async throws {
    try await ask(.start(.live, keepsPrevious: true))
  }
  /// Gives a rebuild up; its rows are dropped.
  public func cancelRebuild() async throws { try await ask(.cancel) }
  /// Makes a rebuild that is ready the live generation; the one before is kept.
  public func cutOver() async throws { try await ask(.cutOver) }
  /// Makes the generation before the last cut-over live again, after it caught up.
  public func rollBack() async throws { try await ask(.rollBack) }
  /// Drops the generation before the last cut-over.
  public func dropPrevious() async throws { try await ask(.dropPrevious) }

  /// Waits until the rebuild is not filling or verifying any more, and tells where it stands.
  public func rebuildSettled() async throws -> RebuildStatus? {
    _ = try await settled.wait { phase in phase != .filling && phase != .verifying }
    return rebuildStatus
  }

  /// Fills the live generation through the head, while nothing runs it.
  public func catchUp() async throws {
    guard !(state.withLock { $0.isRunning }) else {
      throw ReadModelError.misdeclared("\(P.id) is running already")
    }
    try await fillLive()
  }

  /// The content of the live generation, and the position it surely reflects.
  public func digest() async throws -> (digest: ContentDigest, position: GlobalPosition) {
    try await store.run { [self] in
      let view = try view()
      let digest = try ContentDigest(of: view.generation, in: view.source)
      return (digest, view.appliedPosition)
    }
  }

  /// What it is doing.
  public func status() async throws -> ProjectionStatus {
    let head = try await log.head()
    return try await store.run { [self] in
      let state = state.withLock { $0 }
      let parked = RowRange(prefix: RowKeys.rows(.parked, of: state.row.live))
      let rows = try store.engine.scan(
        parked,
        isBackward: false,
        limit: MessagingLimits.parkedPerHandler
      )
      return ProjectionStatus(
        id: P.id,
        generation: state.row.live,
        previous: state.row.previous == 0 ? nil : state.row.previous,
        state: state.current,
        trouble: state.trouble,
        applied: applied.position,
        head: head,
        parked: rows.count,
        filling: state.filling,
        rebuild: rebuildStatus
      )
    }
  }

  private var rebuildStatus: RebuildStatus? {
    state.withLock { state in
      let machine = state.row.rebuild
      guard machine.phase != .idle else { return nil }
      return RebuildStatus(
        generation: machine.shadow,
        phase: machine.phase,
        reason: machine.reason.isEmpty ? nil : machine.reason,
        started: machine.started,
        changed: machine.changed,
        comparedAt: machine.position == .start ? nil : machine.position,
        found: state.found,
        progress: state.rebuilding
      )
    }
  }

  private func ask(_ kind: RebuildCommand.Kind) async throws {
    try await withCheckedThrowingContinuation { continuation in
      let command = RebuildCommand(kind, continuation)
      // Under the state's lock, so that none slips in after the loop refused the waiting ones.
      let isRunning = state.withLock { state in
        guard state.isRunning else { return false }
        commands.update { $0.append(command) }
        return true
      }
      if !isRunning { command.answer(.failure(RebuildError.notRunning)) }
    }
  }

  /// Answers every command that nobody will carry out any more.
  func refuseCommands() {
    let waiting = state.withLock { state in
      state.isRunning = false
      return commands.update { commands in
        defer { commands = [] }
        return commands
      }
    }
    for command in waiting { command.answer(.failure(RebuildError.notRunning)) }
  }
}

extension LiveProjection.State {
  fileprivate var current: ProjectionState {
    if trouble != nil { return .troubled }
    if isFilling { return .filling }
    return isRunning ? .live : .stopped
  }
}
