internal import EventLogCore
internal import GRPCCore
internal import ProjectionsCore
internal import Synchronization

/// The replays of a process: those that run, and the last ones that ended.
///
/// - Shape: `run()` owns the work; a replay that is started before it waits for it.
/// - Errors: a start is refused where too many run.
package final class ReplayBoard: Sendable {
  private struct State: Sendable {
    /// The newest last.
    var runs: [ReplayRun] = []
    /// Who wants which replay to end.
    var cancels: [String: @Sendable () -> Void] = [:]
  }

  private struct Start: Sendable {
    let id: String
    let plan: RehearsalPlan
    let projection: any ManagedProjection
  }

  private let state = Mutex(State())
  private let starts = AsyncStream.makeStream(of: Start.self)

  package init() {}

  /// Carries replays out until cancelled; once per board.
  package func run() async {
    await withDiscardingTaskGroup { group in
      for await start in starts.stream {
        group.addTask { await self.carryOut(start) }
      }
      group.cancelAll()
    }
  }

  /// All replays, the newest first.
  var runs: [ReplayRun] { state.withLock { $0.runs.reversed() } }

  /// How many run now.
  var running: Int { state.withLock { $0.runs.count { $0.isRunning } } }

  func find(_ id: String) -> ReplayRun? {
    state.withLock { $0.runs.first { $0.id == id } }
  }

  /// Begins a replay.
  func start(
    _ plan: RehearsalPlan,
    for projection: any ManagedProjection
  ) throws(RPCError) -> ReplayRun {
    let run = ReplayRun(
      id: "\(EventID.make())",
      consumer: projection.id.title,
      plan: plan,
      started: .now
    )
    let isAccepted = state.withLock { state in
      guard state.runs.count(where: \.isRunning) < ReplayLimits.running else { return false }
      while state.runs.count(where: { !$0.isRunning }) >= ReplayLimits.remembered,
        let oldest = state.runs.firstIndex(where: { !$0.isRunning })
      {
        state.runs.remove(at: oldest)
      }
      state.runs.append(run)
      return true
    }
    guard isAccepted else {
      throw RPCError(
        code: .failedPrecondition,
        message: "\(ReplayLimits.running) replays run already; wait for one to end, or cancel it"
      )
    }
    starts.continuation.yield(Start(id: run.id, plan: plan, projection: projection))
    return run
  }

  /// Ends a replay; nil if there is none of this id.
  func cancel(_ id: String) -> ReplayRun? {
    let cancel = state.withLock { state -> (@Sendable () -> Void)? in
      if let index = state.runs.firstIndex(where: { $0.id == id && $0.isRunning }) {
        state.runs[index].state = .cancelled
        state.runs[index].ended = .now
      }
      return state.cancels[id]
    }
    cancel?()
    return find(id)
  }

  private func carryOut(_ start: Start) async {
    let work = Task {
      try await start.projection.rehearse(start.plan) { [self] progress in
        change(start.id) { $0.progress = progress }
      }
    }
    // A replay may have been cancelled before its work began.
    let isWanted = state.withLock { state in
      state.cancels[start.id] = { work.cancel() }
      return state.runs.contains { $0.id == start.id && $0.isRunning }
    }
    if !isWanted { work.cancel() }
    let outcome = await withTaskCancellationHandler {
      await work.result
    } onCancel: {
      work.cancel()
    }
    state.withLock { _ = $0.cancels.removeValue(forKey: start.id) }
    change(start.id) { run in
      if case .success(let result) = outcome { run.progress = result }
      guard run.isRunning else { return }
      run.ended = .now
      switch outcome {
      case .success: run.state = .finished
      case .failure(is CancellationError): run.state = .cancelled
      case .failure(EventLogError.cancelled): run.state = .cancelled
      case .failure(let error): run.state = .failed(String(describing: error))
      }
    }
  }

  private func change(_ id: String, _ body: (inout ReplayRun) -> Void) {
    state.withLock { state in
      guard let index = state.runs.firstIndex(where: { $0.id == id }) else { return }
      body(&state.runs[index])
    }
  }
}
