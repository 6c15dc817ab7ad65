public import EventLogCore
internal import MessagingCore
internal import Synchronization

/// What a rehearsal found so far: a range of the log fed to a projection without keeping anything.
public struct Rehearsal: Hashable, Sendable {
  /// Everything up to here was looked at.
  public internal(set) var position: GlobalPosition
  /// Rows that would have been written: documents, index entries, counters.
  public internal(set) var writes: UInt64
  /// Streams whose events could not be applied, each a sentence; at most
  /// ten are named.
  public internal(set) var failures: [String]
}

extension LiveProjection {
  /// Folds a range of the log into a store in memory and forgets it.
  ///
  /// - Parameters:
  ///   - after: exclusive.
  ///   - through: inclusive, at most the head.
  ///   - progress: hears after every page.
  /// - Returns: what would have been written, and what could not be applied.
  /// - Throws: outages of the log; what an event does is told in the result.
  public func rehearse(
    after: GlobalPosition,
    through: GlobalPosition,
    progress: @escaping @Sendable (Rehearsal) -> Void
  ) async throws -> Rehearsal {
    let store = try ReadModelStore(InMemoryReadModelEngine(), named: "rehearsal")
    do {
      let result = try await rehearse(after, through, in: store, progress)
      await store.close()
      return result
    } catch {
      await store.close()
      throw error
    }
  }

  private func rehearse(
    _ after: GlobalPosition,
    _ through: GlobalPosition,
    in store: ReadModelStore,
    _ progress: @Sendable (Rehearsal) -> Void
  ) async throws -> Rehearsal {
    let generation = GenerationStore(1, in: store)
    let worker = WorkerBox(
      FillWorker(
        ProjectionHandler(projection: projection, store: generation),
        of: log.identity,
        partitions: Array(0..<MessagingLimits.partitions),
        parked: [:]
      )
    )
    let start = Checkpoint(log: log.identity, floor: after)
    let target = FillTarget(
      categories: P.categories,
      query: P.query,
      marks: Array(repeating: start, count: MessagingLimits.partitions)
    )
    var result = Rehearsal(position: after, writes: 0, failures: [])
    while result.position < through {
      try Task.checkCancellation()
      let page = try await FillPage.read(
        after: result.position,
        through: through,
        of: target,
        from: log,
        workers: 1
      )
      let share = page.shares[0]
      let (written, failures) = try await store.run {
        try worker.state.withLock { worker throws(any Error) in
          let written = try worker.apply(share, upTo: page.scannedTo, isLast: true)
          return (written, worker.failures)
        }
      }
      result.position = page.scannedTo
      result.writes += UInt64(written)
      result.failures = failures
      progress(result)
      if page.isEnd { break }
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
