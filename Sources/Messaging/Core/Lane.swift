internal import EventLogCore
internal import Logging
internal import Synchronization
internal import WeaveRuntime

/// Carries out what a `LaneCore` asks for, one piece of work at a time.
final class Lane<H: Handler>: Sendable {
  let id: LaneID
  private let handler: H
  private let source: any FeedSource
  private let time: MessagingTime
  private let parkedCount: ParkedCount
  private let report: @Sendable (LaneID, GlobalPosition) -> Void
  private let logger: Logger
  private let core: Mutex<LaneCore>
  private let mailbox = Mailbox<LaneWork>()

  init(
    _ handler: H,
    partition: Int,
    source: any FeedSource,
    time: MessagingTime,
    parkedCount: ParkedCount,
    logger: Logger,
    report: @escaping @Sendable (LaneID, GlobalPosition) -> Void
  ) {
    self.handler = handler
    id = LaneID(handler: handler.id, partition: partition)
    self.source = source
    self.time = time
    self.parkedCount = parkedCount
    self.report = report
    self.logger = logger
    core = Mutex(
      LaneCore(
        lane: id,
        categories: handler.categories,
        query: handler.query,
        log: source.identity,
        seed: time.seed()
      )
    )
  }

  /// Never waits; may be called from any thread.
  func accept(_ input: LaneCore.Input) {
    let now = time.now()
    // Reports are made under the lock, so that they are seen in the order in which they grow.
    // So is the log asked for what it is: an older answer must not come after a newer one.
    core.withLock { core in
      for action in core.follow(source.identity) { carryOut(action) }
      for action in core.on(input, now: now) { carryOut(action) }
    }
  }

  var view: (state: LaneState, checkpoint: Checkpoint, parked: [ParkedStream]) {
    core.withLock { ($0.state, $0.checkpoint, Array($0.parked.values)) }
  }

  var counters: LaneCore.Counters { core.withLock { $0.counters } }

  private func carryOut(_ action: LaneCore.Action) {
    switch action {
    case .perform(let work): mailbox.push(work)
    case .reached(let position): report(id, position)
    case .unparked: parkedCount.release(1)
    case .finished: mailbox.close()
    case .changed(let state):
      logger.debug(
        "lane changed",
        metadata: [
          LoggingKeys.handler: "\(id.handler)",
          LoggingKeys.partition: "\(id.partition)",
          "handler.state": "\(state)",
        ]
      )
    }
  }

  /// Works until stopped, fenced or cancelled.
  func run(head: GlobalPosition) async {
    await open(head: head)
    while let work = await mailbox.next() {
      guard let outcome = await perform(work) else { break }
      accept(outcome)
    }
    parkedCount.release(core.withLock { $0.parked.count })
  }

  private func open(head: GlobalPosition) async {
    var attempt = 0
    while !Task.isCancelled, core.withLock({ $0.state == .opening }) {
      do {
        return accept(try await claim(head: head))
      } catch {
        logger.warning(
          "lane cannot open",
          metadata: [LoggingKeys.error: "\(error)", "lane": "\(id)"]
        )
        try? await time.sleep(RetryPolicy.outage.delay(attempt: attempt))
        attempt += 1
      }
    }
  }

  private func claim(head: GlobalPosition = .start) async throws -> LaneCore.Input {
    let id = id
    let identity = source.identity
    guard let rows = try await handler.store.transact({ try $0.claim(id, for: identity) })
    else { return .foreignLog }
    parkedCount.release(core.withLock { $0.parked.count })
    parkedCount.add(rows.parked.count)
    return .opened(rows.checkpoint, parked: rows.parked, head: head)
  }

  /// Does one piece of work; nil if the task was cancelled and nothing more shall happen.
  private func perform(_ work: LaneWork) async -> LaneCore.Input? {
    do {
      return try await outcome(of: work)
    } catch is Fenced {
      return .fenced
    } catch let failure as BatchFailure {
      let kind = handler.kind(of: failure.cause)
      return .failed(
        at: failure.index,
        LaneFailure(kind: kind, text: String(describing: failure.cause))
      )
    } catch {
      if Task.isCancelled || error is CancellationError { return nil }
      switch work {
      case .read, .readParked: return .outage(String(describing: error))
      default: return .storeFailed(String(describing: error))
      }
    }
  }

  private func outcome(of work: LaneWork) async throws -> LaneCore.Input {
    let handler = handler
    let id = id
    let fence = core.withLock { $0.checkpoint.fence }
    switch work {
    case .read(let after, let through):
      return .read(
        try await source.read(
          handler.categories,
          partition: id.partition,
          after: after,
          through: through
        )
      )
    case .apply(let batch):
      if batch.delay > .zero { try await time.sleep(batch.delay) }
      let (count, rows) = try await handler.store.transact {
        try handler.apply(batch, of: id, in: &$0)
      }
      return .applied(count: count, rows: rows)
    case .reopen: return try await claim()
    case .park(_, let row, let checkpoint):
      return try await park(row, checkpoint)
    case .readParked(let row): return .waiting(try await waiting(in: row))
    case .redrive(let stream, let event, let next):
      let now = time.now()
      return .redriven(
        try await handler.store.transact {
          try handler.redrive(
            stream,
            event,
            next: next,
            of: id,
            fence: fence,
            now: now,
            in: &$0
          )
        }
      )
    case .postpone(let failed):
      return .noted(
        try await handler.store.transact { try $0.postpone(failed, of: id, fence: fence) }
      )
    case .wish(let stream):
      return .noted(
        try await handler.store.transact { try $0.wish(for: stream, of: id, fence: fence) }
      )
    case .save(let checkpoint):
      try await handler.store.transact {
        try $0.checkFence(fence, of: id)
        try $0.put(checkpoint, of: id)
      }
      return .saved
    }
  }

  private func park(_ row: ParkedStream, _ checkpoint: Checkpoint) async throws -> LaneCore.Input {
    let id = id
    guard parkedCount.reserve() else { return .parkRefused }
    do {
      try await handler.store.transact {
        try $0.checkFence(checkpoint.fence, of: id)
        try $0.put(checkpoint, of: id)
        try $0.park(row, in: id)
      }
    } catch {
      parkedCount.release(1)
      throw error
    }
    logger.warning(
      "stream parked",
      metadata: [
        LoggingKeys.handler: "\(id.handler)", LoggingKeys.stream: "\(row.stream)",
        LoggingKeys.position: "\(row.headPosition)", LoggingKeys.error: "\(row.error)",
      ]
    )
    return .parked(row)
  }

  /// The next events that wait in a parked stream and that the handler asks for.
  private func waiting(in row: ParkedStream) async throws -> [RecordedEvent] {
    if row.stream.text.hasPrefix("#"), let event = try await source.event(at: row.headPosition),
      event.stream == nil
    {
      return [event]
    }
    var from = row.headRevision
    while true {
      let page = try await source.read(
        row.stream,
        from: from,
        limit: MessagingLimits.redrivePageEvents
      )
      let wanted = page.filter {
        $0.position <= row.tailPosition && !$0.isRemoved && $0.matches(handler.query)
      }
      guard wanted.isEmpty, let last = page.last, last.position < row.tailPosition,
        let revision = last.revision
      else { return wanted }
      from = revision.next
    }
  }
}
