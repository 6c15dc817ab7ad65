public import EventLogCore
public import Logging
internal import Synchronization
internal import WeaveRuntime

/// How one lane is doing.
public struct LaneStatus: Sendable {
  /// The lane.
  public let lane: LaneID
  /// What it is about.
  public let state: LaneState
  /// What it has handled.
  public let checkpoint: Checkpoint
  /// What it has parked.
  public let parked: [ParkedStream]
}

/// Runs all lanes of one handler.
///
/// - Shape: `run()` owns the lanes; `stop()` and `restart()` may be called from elsewhere and in
///   turn, as a cut-over does: stop, switch the store's generation, restart from its checkpoints.
/// - Errors: none of its own; a lane that cannot work says so in `status()`.
public final class HandlerRunner<H: Handler>: Sendable {
  /// Fills a handler in bulk to about `head`, checkpoints included, while no lane of it runs.
  public typealias BulkCatchUp = @Sendable (_ head: GlobalPosition) async throws -> Void

  private enum Wanted: Sendable { case running, stopped }
  private struct Phase: Sendable {
    var wanted = Wanted.running
    var isRunning = false
    var lanes: [Lane<H>] = []
  }

  private let handler: H
  private let host: HandlerHost
  private let bulkCatchUp: BulkCatchUp?
  private let report: @Sendable (LaneID, GlobalPosition) -> Void
  private let phase = Watched(Phase())
  private let parkedCount = ParkedCount()
  private let logger: Logger

  /// Makes a runner at `host`.
  ///
  /// - Parameters:
  ///   - handler: what the lanes run.
  ///   - host: whose feed and log they use.
  ///   - bulkCatchUp: used when a start finds the handler far behind.
  ///   - logger: where parked streams and failures are told.
  ///   - onApplied: hears for each lane up to where everything is handled or parked, in growing
  ///     order after each start; called under the lane's lock, so it must be short and must not
  ///     call the runner.
  public init(
    _ handler: H,
    at host: HandlerHost,
    bulkCatchUp: BulkCatchUp? = nil,
    logger: Logger = Logger(label: "wordweave.messaging"),
    onApplied: @escaping @Sendable (LaneID, GlobalPosition) -> Void
  ) {
    self.handler = handler
    self.host = host
    self.bulkCatchUp = bulkCatchUp
    self.logger = logger
    report = onApplied
  }

  /// Runs the lanes until cancelled; ends without a trace, as a crash would.
  public func run() async {
    while !Task.isCancelled {
      guard (try? await phase.wait { $0.wanted == .running }) != nil else { return }
      let isWanted = phase.update { phase in
        phase.isRunning = phase.wanted == .running
        return phase.isRunning
      }
      if isWanted { await runLanes() }
      phase.update {
        $0.isRunning = false
        $0.lanes = []
      }
    }
  }

  /// Lets every lane finish its batch and write its checkpoint; no effect follows (M15).
  public func stop() async {
    let lanes = phase.update { phase in
      phase.wanted = .stopped
      return phase.lanes
    }
    for lane in lanes { lane.accept(.stop) }
    _ = try? await phase.wait { !$0.isRunning || $0.wanted == .running }
  }

  /// Starts the lanes again from their stored checkpoints, under a new fence.
  public func restart() async {
    await stop()
    phase.update { $0.wanted = .running }
  }

  /// Asks the stream's lane to try a parked stream now; waits for nothing.
  public func redrive(_ stream: StreamName) {
    for lane in phase.value.lanes where lane.view.parked.contains(where: { $0.stream == stream }) {
      lane.accept(.wished(stream))
    }
  }

  /// Asks for the tails at once, so that idle lanes report a position without waiting for a probe.
  public func refresh(atLeast position: GlobalPosition) async throws(FeedError) {
    tell(try await host.source.tails(atLeast: position))
  }

  /// How the lanes are doing, by partition; empty while stopped.
  public func status() -> [LaneStatus] {
    phase.value.lanes.map { lane in
      let view = lane.view
      return LaneStatus(
        lane: lane.id,
        state: view.state,
        checkpoint: view.checkpoint,
        parked: view.parked
      )
    }
  }

  package func counters() -> [LaneCore.Counters] { phase.value.lanes.map(\.counters) }

  private func runLanes() async {
    let subscription = FeedSubscription(service: handler.id.service, categories: handler.categories)
    guard let (attachment, head) = await begin(subscription) else { return }
    await withTaskGroup { group in
      // `stop()` may have come before the lanes were there to hear it.
      let isWanted = phase.value.wanted == .running
      for lane in phase.value.lanes {
        if !isWanted { lane.accept(.stop) }
        group.addTask { await lane.run(head: head) }
      }
    }
    host.remove(self)
    await host.feed.detach(attachment)
  }

  /// Fills in bulk if far behind, makes the lanes, attaches them to the feed, then asks for the
  /// head: what comes later is delivered, what came before is read.
  private func begin(
    _ subscription: FeedSubscription
  ) async -> (FeedAttachment, GlobalPosition)? {
    var attempt = 0
    while !Task.isCancelled, phase.value.wanted == .running {
      do {
        try await catchUpInBulk()
        let lanes = (0..<MessagingLimits.partitions).map { partition in
          Lane(
            handler,
            partition: partition,
            source: host.source,
            time: host.time,
            parkedCount: parkedCount,
            logger: logger,
            report: report
          )
        }
        try await host.feed.prepare(subscription)
        phase.update { $0.lanes = lanes }
        let attachment = try await host.feed.attach(self, to: subscription)
        host.add(self)
        do {
          return (attachment, try await host.source.tails(atLeast: nil).head)
        } catch {
          host.remove(self)
          await host.feed.detach(attachment)
          throw error
        }
      } catch {
        if Task.isCancelled { return nil }
        logger.warning(
          "handler cannot start",
          metadata: [LoggingKeys.handler: "\(handler.id)", LoggingKeys.error: "\(error)"]
        )
        try? await host.time.sleep(RetryPolicy.outage.delay(attempt: attempt))
        attempt += 1
      }
    }
    return nil
  }

  private func catchUpInBulk() async throws {
    guard let bulkCatchUp else { return }
    let handler = handler
    let head = try await host.source.tails(atLeast: nil).head
    let lowest = try await handler.store.transact { transaction in
      try (0..<MessagingLimits.partitions).map { partition in
        try transaction.checkpoint(of: LaneID(handler: handler.id, partition: partition))?.floor
          ?? .start
      }.min() ?? .start
    }
    guard head > lowest, head.number - lowest.number > MessagingLimits.bulkDistance else { return }
    try await bulkCatchUp(head)
  }
}

extension HandlerRunner: FeedSink {
  /// Hands messages to their lanes; never waits.
  public func deliver(_ messages: [FeedMessage]) {
    let lanes = phase.value.lanes
    guard !lanes.isEmpty else { return }
    if messages.count == 1, let message = messages.first {
      guard handler.categories.contains(message.key.category) else { return }
      return lanes[message.key.partition].accept(.delivered(messages))
    }
    var split = [[FeedMessage]](repeating: [], count: lanes.count)
    for message in messages where handler.categories.contains(message.key.category) {
      split[message.key.partition].append(message)
    }
    for (lane, messages) in zip(lanes, split) where !messages.isEmpty {
      lane.accept(.delivered(messages))
    }
  }
}

extension HandlerRunner: ProbedRunner {
  package func tell(_ tails: Tails) { for lane in phase.value.lanes { lane.accept(.told(tails)) } }
  package func probe(_ tails: Tails) {
    for lane in phase.value.lanes { lane.accept(.probed(tails)) }
  }
  package func tick() { for lane in phase.value.lanes { lane.accept(.ticked) } }
}
