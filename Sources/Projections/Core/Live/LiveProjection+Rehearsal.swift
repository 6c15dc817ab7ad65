public import EventLogCore
internal import MessagingCore
internal import Synchronization

/// What a rehearsal found so far: a range of the log fed to a projection without keeping anything.
public struct Rehearsal: Hashable, Sendable {
  /// Everything up to here was looked at.
  public internal(set) var position: GlobalPosition
  /// Events that were fed.
  public internal(set) var events: UInt64
  /// Rows that would have been written: documents, index entries, counters.
  public internal(set) var writes: UInt64
  /// Streams whose events could not be applied, each a sentence; at most
  /// ten are named.
  public internal(set) var failures: [String]
}

/// Which events a rehearsal feeds, and how fast.
public struct RehearsalPlan: Hashable, Sendable {
  /// Exclusive.
  public var after: GlobalPosition
  /// Inclusive, at most the head.
  public var through: GlobalPosition
  /// Only these of the events that the projection asks for.
  public var query: EventQuery
  /// Events a second at most; nil for as many as go.
  public var rate: UInt32?

  /// Makes a plan.
  public init(
    after: GlobalPosition,
    through: GlobalPosition,
    query: EventQuery = .all,
    rate: UInt32? = nil
  ) {
    self.after = after
    self.through = through
    self.query = query
    self.rate = rate
  }

  /// Events of one page: a quarter of a second's worth where the rate is bounded, so that a slow
  /// replay moves evenly.
  var pageEvents: Int {
    guard let rate else { return FillLimits.pageEvents }
    return min(FillLimits.pageEvents, max(1, Int(rate) / 4))
  }
}

/// Why a rehearsal ends before the range does.
public enum RehearsalError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It would hold more bytes of rows than it may.
  case holdsTooMuch(at: GlobalPosition, bytes: Int)

  /// What was found, and what helps.
  public var description: String {
    switch self {
    case .holdsTooMuch(let position, let bytes):
      "at position \(position) the read model of the dry run takes more than \(bytes >> 20) MiB of "
        + "memory; give it a shorter range"
    }
  }
}

extension LiveProjection {
  /// Folds a range of the log into a store in memory and forgets it.
  ///
  /// - Parameters:
  ///   - plan: which events, and how fast.
  ///   - progress: hears after every page.
  /// - Returns: what would have been written, and what could not be applied.
  /// - Throws: outages of the log; `RehearsalError` where memory is not enough. What an event does is
  ///   told in the result.
  public func rehearse(
    _ plan: RehearsalPlan,
    progress: @escaping @Sendable (Rehearsal) -> Void
  ) async throws -> Rehearsal {
    try await rehearse(plan, bytes: FillLimits.rehearsedBytes, progress: progress)
  }

  /// As `rehearse`, with at most so many bytes of rows.
  func rehearse(
    _ plan: RehearsalPlan,
    bytes: Int,
    progress: @escaping @Sendable (Rehearsal) -> Void
  ) async throws -> Rehearsal {
    let engine = InMemoryReadModelEngine()
    let store = try ReadModelStore(engine, named: "rehearsal")
    do {
      let result = try await rehearse(plan, in: store) { result throws(RehearsalError) in
        guard engine.bytes <= bytes else {
          throw .holdsTooMuch(at: result.position, bytes: bytes)
        }
        progress(result)
      }
      await store.close()
      return result
    } catch {
      await store.close()
      throw error
    }
  }

  private func rehearse(
    _ plan: RehearsalPlan,
    in store: ReadModelStore,
    _ progress: @Sendable (Rehearsal) throws(RehearsalError) -> Void
  ) async throws -> Rehearsal {
    let generation = GenerationStore(1, in: store)
    let worker = WorkerBox(
      FillWorker(
        ProjectionHandler(projection: projection, store: generation),
        after: plan.after,
        partitions: Array(0..<MessagingLimits.partitions),
        parked: [:]
      )
    )
    let start = Checkpoint(log: log.identity, floor: plan.after)
    let target = FillTarget(
      categories: P.isOfWholeLog ? nil : P.categories,
      query: P.query,
      marks: Array(repeating: start, count: MessagingLimits.partitions)
    )
    var result = Rehearsal(position: plan.after, events: 0, writes: 0, failures: [])
    let begun = ContinuousClock.now
    while result.position < plan.through {
      try Task.checkCancellation()
      let page = try await FillPage.read(
        after: result.position,
        through: plan.through,
        of: target,
        from: log,
        workers: 1,
        limit: plan.pageEvents
      )
      let share = page.shares[0].filter { $0.event.matches(plan.query) }
      let (written, failures) = try await store.run {
        try worker.state.withLock { worker throws(any Error) in
          let written = try worker.apply(
            share,
            upTo: page.scannedTo,
            of: page.log,
            isLast: true
          )
          return (written, worker.failures)
        }
      }
      result.position = page.scannedTo
      result.events += UInt64(share.count)
      result.writes += UInt64(written)
      result.failures = failures
      try progress(result)
      if page.isEnd { break }
      if let rate = plan.rate {
        let due = Duration.seconds(Double(result.events) / Double(max(1, rate)))
        try await Task.sleep(until: begun + due, clock: .continuous)
      }
    }
    return result
  }
}

extension FillWorker {
  /// What could not be applied, by stream.
  var failures: [String] {
    parkedStreams.prefix(FillLimits.namedFailures).map { row in
      "\(row.stream) at position \(row.headPosition): \(row.error)"
    }
  }
}
