internal import EventLogCore
internal import MessagingCore
internal import Synchronization
internal import WeaveRuntime

/// Fills one generation of a projection straight from the log: a rebuild's shadow, or a live
/// generation that is far behind.
///
/// Pages of the log are read ahead while the one before is applied by workers that share the
/// partitions. Each commits every few pages in one batch, the bases of its partitions with the
/// effects, so that a killed process goes on where each partition's last commit was. Nobody else
/// writes the generation meanwhile.
struct Filler<P: Projection> {
  private let handler: ProjectionHandler<P>
  private let log: any EventLogEngine

  init(_ handler: ProjectionHandler<P>, from log: any EventLogEngine) {
    self.handler = handler
    self.log = log
  }

  /// Fills through a position, which must not lie beyond the head; nil goes on until a page shows
  /// the end of the log.
  ///
  /// Readers may be promised what `onCommit` tells, never what `onProgress` tells: that may lie in
  /// the memory of workers still.
  ///
  /// - Parameters:
  ///   - end: inclusive.
  ///   - onProgress: hears after every page how far events are applied.
  ///   - onCommit: hears through where all workers have committed: at the beginning, and after every
  ///     page, one that fails too.
  /// - Returns: how far the generation is filled, all of it committed.
  /// - Throws: outages of log and store; cancellation, between two pages.
  @discardableResult
  func fill(
    through end: GlobalPosition? = nil,
    onProgress: @Sendable (FillProgress) -> Void = { _ in },
    onCommit: @Sendable (GlobalPosition) -> Void = { _ in }
  ) async throws -> FillProgress {
    let end = end ?? .max
    let clock = ContinuousClock()
    let began = clock.now
    let state = try await load()
    let start = state.target.marks.map(\.floor).min() ?? .start
    onCommit(start)
    var progress = FillProgress(
      start: start,
      position: start,
      target: end == .max ? try await log.head() : end,
      events: 0,
      elapsed: .zero
    )
    guard start < end else { return progress }
    let workers = state.parked.enumerated().map { number, parked in
      WorkerBox(
        FillWorker(
          handler,
          after: start,
          partitions: (0..<MessagingLimits.partitions).filter {
            $0 % FillLimits.workers == number
          },
          parked: parked
        )
      )
    }
    var page = try await read(after: start, through: end, state.target)
    while true {
      try Task.checkCancellation()
      let current = page
      async let upcoming = following(current, through: end, state.target)
      try await apply(current, workers, onCommit)
      progress.position = max(progress.position, page.scannedTo)
      progress.target = end == .max ? max(progress.target, page.head) : end
      progress.events += page.shares.reduce(0) { $0 + UInt64($1.count) }
      progress.elapsed = began.duration(to: clock.now)
      onProgress(progress)
      guard let next = try await upcoming else { return progress }
      page = next
    }
  }

  private func read(
    after: GlobalPosition,
    through end: GlobalPosition,
    _ target: FillTarget
  ) async throws -> FillPage {
    try await .read(
      after: after,
      through: end,
      of: target,
      from: log,
      workers: FillLimits.workers
    )
  }

  private func following(
    _ page: FillPage,
    through end: GlobalPosition,
    _ target: FillTarget
  ) async throws -> FillPage? {
    page.isEnd ? nil : try await read(after: page.scannedTo, through: end, target)
  }

  /// Lets every worker apply its share on a thread of its own.
  private func apply(
    _ page: FillPage,
    _ workers: [WorkerBox<P>],
    _ onCommit: @Sendable (GlobalPosition) -> Void
  ) async throws {
    let store = handler.store.store
    // Where one worker fails, the others may have committed.
    defer { onCommit(workers.map { $0.state.withLock { $0.committed } }.min() ?? .start) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (worker, share) in zip(workers, page.shares) {
        group.addTask {
          try await store.run {
            // Held by this filling alone, page after page: the lock only carries the worker over.
            try worker.state.withLock { worker throws(any Error) in
              _ = try worker.apply(
                share,
                upTo: page.scannedTo,
                of: page.log,
                isLast: page.isEnd
              )
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let parked = workers.reduce(0) { $0 + $1.state.withLock { $0.parkedCount } }
    guard parked <= MessagingLimits.parkedPerHandler else {
      throw FillError.tooManyParked(handler.id, parked)
    }
  }

  private struct State: Sendable {
    var target: FillTarget
    /// The parked streams of each worker.
    var parked: [[StreamName: ParkedStream]]
  }

  private func load() async throws -> State {
    let identity = log.identity
    return try await handler.store.store.run { [handler] in
      let store = handler.store
      let stored = try store.store.checkpoints(of: handler.id, in: store.generation)
      let marks = try stored.map { checkpoint in
        guard let checkpoint else { return Checkpoint(log: identity, floor: .start) }
        guard let accepted = checkpoint.accepted(by: identity) else {
          throw ReadModelError.otherLog(stored: checkpoint.log.id, given: identity.id)
        }
        return accepted
      }
      var parked = Array(
        repeating: [StreamName: ParkedStream](),
        count: FillLimits.workers
      )
      let transaction = ReadModelTransaction(
        source: store.store.engine,
        generation: store.generation
      )
      for partition in 0..<MessagingLimits.partitions {
        let lane = LaneID(handler: handler.id, partition: partition)
        let limit = MessagingLimits.parkedPerHandler
        for row in try transaction.parked(in: lane, after: nil, limit: limit) {
          parked[partition % FillLimits.workers][row.stream] = row
        }
      }
      return State(
        target: FillTarget(
          categories: P.isOfWholeLog ? nil : handler.categories,
          query: handler.query,
          marks: marks
        ),
        parked: parked
      )
    }
  }
}

/// Why a filling cannot go on although log and store work.
enum FillError: Error, CustomStringConvertible {
  case tooManyParked(HandlerID, Int)

  var description: String {
    switch self {
    case .tooManyParked(let handler, let count):
      "\(count) streams of \(handler) cannot be applied; a handler parks at most "
        + "\(MessagingLimits.parkedPerHandler)"
    }
  }
}

/// Carries a worker from thread to thread.
final class WorkerBox<P: Projection>: Sendable {
  let state: Mutex<FillWorker<P>>
  init(_ worker: sending FillWorker<P>) { state = Mutex(worker) }
}
