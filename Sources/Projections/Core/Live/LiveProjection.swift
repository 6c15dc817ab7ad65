public import EventLogCore
internal import Logging
internal import MessagingCore
internal import Synchronization
internal import WeaveRuntime

/// A registered projection: its read model, its lanes, and its rebuilds.
///
/// `run(lanes:)` owns all work. Lanes follow the feed into the live generation; a rebuild fills a
/// shadow generation beside it. Only the commands at the end of `LiveProjection+Commands` and the
/// rebuild loop change which generation is read, and both stop the lanes for that moment, so no
/// event is lost or repeated. Made by `ProjectionRuntime`.
public final class LiveProjection<P: Projection>: ManagedProjection {
  struct State {
    var row: ProjectionRow
    var isRunning = false
    var isFilling = false
    var trouble: String?
    var filling: FillProgress?
    var rebuilding: FillProgress?
    /// What the rebuild that goes on or went last found.
    var found: RebuildFinding?
  }

  let projection: P
  let store: ReadModelStore
  let log: any EventLogEngine
  let logger: Logger
  let applied: AppliedPosition
  let gate = LaneGate()
  let commands = Watched<[RebuildCommand]>([])
  /// The greatest position that a reader waits for, where the log is followed in pages.
  let wanted = Watched(GlobalPosition.start)
  /// Whether the live generation once reached the head.
  let isFilled: Watched<Bool>
  /// The phase of the rebuild, for those who wait for it.
  let settled: Watched<RebuildPhase>
  let state: Mutex<State>

  init(
    _ projection: P,
    in store: ReadModelStore,
    log: any EventLogEngine,
    logger: Logger
  ) throws {
    self.projection = projection
    self.store = store
    self.log = log
    self.logger = logger
    applied = AppliedPosition()
    let row = try store.open(P.id, following: log.identity)
    isFilled = Watched(row.generation(row.live)?.isFilled ?? false)
    settled = Watched(row.rebuild.phase)
    state = Mutex(State(row: row))
    let stored = try store.checkpoints(of: P.id.handler, in: row.live)
    for (partition, checkpoint) in stored.enumerated() {
      guard let checkpoint = checkpoint?.accepted(by: log.identity) else { continue }
      applied.advance(partition: partition, to: checkpoint.floor)
    }
  }

  /// Service, name and version.
  public var id: ProjectionID { P.id }
  /// Everything at or below it that concerns the projection is applied or parked.
  public var appliedPosition: GlobalPosition { applied.position }
  /// The handler that writes to the live generation.
  public var handler: ProjectionHandler<P> { handler(of: row.live) }

  var row: ProjectionRow { state.withLock { $0.row } }

  func handler(of generation: UInt32) -> ProjectionHandler<P> {
    ProjectionHandler(projection: projection, store: GenerationStore(generation, in: store))
  }

  /// Runs lanes and rebuilds until cancelled; troubles are told in the status and tried again.
  public func run(lanes: some LaneRunner) async throws {
    let isFirst = state.withLock { state in
      defer { state.isRunning = true }
      return !state.isRunning
    }
    guard isFirst else { throw ReadModelError.misdeclared("\(P.id) is running already") }
    defer { state.withLock { $0.isRunning = false } }
    defer { refuseCommands() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.runLanes(lanes) }
      group.addTask { try await self.runRebuilds() }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func runLanes(_ runner: some LaneRunner) async throws {
    try await gate.run { [self] in
      try await persist("follow the feed") {
        try await fillLiveIfFarBehind()
        state.withLock { $0.trouble = nil }
        if P.isOfWholeLog {
          try await followLog()
        } else {
          try await runner.run(handler, applied: applied)
        }
      }
    }
  }

  /// Tries again until `body` ends by itself or is cancelled.
  func persist(_ what: String, _ body: () async throws -> Void) async throws {
    let backoff = Backoff(base: MessagingLimits.outageBase, cap: MessagingLimits.outageCap)
    var attempt = 0
    while true {
      do {
        try await body()
        state.withLock { $0.trouble = nil }
        return
      } catch {
        try Task.checkCancellation()
        let text = String(describing: error)
        state.withLock { $0.trouble = text }
        logger.error(
          "A projection failed and is tried again",
          metadata: [
            LoggingKeys.projection: "\(P.id)", LoggingKeys.error: "\(text)", "what": "\(what)",
          ]
        )
        try await Task.sleep(for: backoff.delay(attempt: attempt))
        attempt += 1
      }
    }
  }

  /// Fills the live generation in bulk when lanes would take long, or when it is new.
  private func fillLiveIfFarBehind() async throws {
    let head = try await log.head()
    let row = row
    let isFilled = row.generation(row.live)?.isFilled ?? false
    let applied = applied.position
    let behind = head > applied ? head.number - applied.number : 0
    guard !isFilled || behind > MessagingLimits.bulkDistance else { return }
    try await fillLive()
  }

  /// Fills the live generation through a position (nil: the head).
  ///
  /// Lanes must not run.
  func fillLive(through end: GlobalPosition? = nil) async throws {
    state.withLock { $0.isFilling = true }
    defer {
      state.withLock { state in
        state.isFilling = false
        state.filling = nil
      }
    }
    let generation = row.live
    try await Filler(handler(of: generation), from: log).fill(through: end) { [self] progress in
      state.withLock { $0.filling = progress }
    } onCommit: { [applied] position in
      applied.advance(to: position)
    }
    guard row.generation(generation)?.isFilled == false else { return }
    try await change { row, _ in
      guard let index = row.generations.firstIndex(where: { $0.number == generation }) else {
        return
      }
      row.generations[index].isFilled = true
    }
    isFilled.update { $0 = true }
  }

  /// Changes the projection's row in the store, then here, in one order: the filling of the live
  /// generation and a command may change it at once.
  @discardableResult
  func change(
    _ body: @escaping @Sendable (inout ProjectionRow, () -> UInt32) throws -> Void
  ) async throws -> ProjectionRow {
    try await store.run { [self] in
      try store.change(P.id.title, body) { row in
        state.withLock { $0.row = row }
        settled.update { $0 = row.rebuild.phase }
      }
    }
  }
}
