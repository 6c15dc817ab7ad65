internal import Synchronization
internal import WeaveRuntime

/// An engine over a blocking `LogStorage`: the single appender, a pool for reads, the published
/// head.
///
/// The embedded engines are this and a storage.
package final class PipelinedEventLog: EventLogEngine {
  package let identity: LogIdentity
  private let storage: any LogStorage
  private let pipeline: AppendPipeline
  private let published: PublishedHead
  private let pool: BlockingPool
  private let gate = CallGate()
  private let administration = SoleWork()

  /// Threads that ask the storage beside those that read for callers: admission, administration and
  /// the searches.
  package static let threadsBesideReads = 2 + AppendPipeline.searchThreads

  /// Starts the threads over an opened storage, which is closed with the engine.
  package init(
    storage: any LogStorage,
    opening: LogOpening,
    readThreads: Int,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    identity = opening.identity
    self.storage = storage
    published = PublishedHead(opening.head)
    pipeline = AppendPipeline(
      storage: storage,
      opening: opening,
      published: published,
      clock: clock
    )
    pool = BlockingPool(name: "log-read", threads: readThreads)
    pipeline.start()
  }

  deinit {
    pipeline.abandon()
    pool.shutdown()
  }

  package func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    guard !gate.isClosed else { throw .closed }
    try request.validate()
    let prepared = PreparedRequest(request)
    return try await pipeline.append(prepared)
  }

  package func read(
    _ stream: StreamName,
    from revision: StreamRevision,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> EventPage {
    try stream.validate(isReserved: true)
    try Self.check(limit)
    let key = NameKey(stream)
    while true {
      let reading = try await reading { storage, head throws(EventLogError) in
        try storage.readStream(
          key,
          from: revision,
          direction: direction,
          limit: limit,
          head: head
        )
      }
      switch reading {
      case .page(let page):
        if page.stream == .tombstoned { throw .streamTombstoned(stream) }
        return page
      case .ahead(let position):
        _ = try await head(beyond: GlobalPosition(position.number - 1))
      }
    }
  }

  package func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    let asked = AllReading(
      after: position,
      query: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
    try Self.check(asked)
    if let page = try recentPage(asked) { return page }
    return try await reading { storage, head throws(EventLogError) in
      try storage.readAll(asked, head: head)
    }
  }

  package func places(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int
  ) async throws(EventLogError) -> PlacePage {
    let asked = AllReading(
      after: position,
      query: query,
      direction: direction,
      limit: limit,
      includeRemoved: true
    )
    try Self.check(asked)
    return try await reading { storage, head throws(EventLogError) in
      try storage.places(asked, head: head)
    }
  }

  package func events(
    at positions: [GlobalPosition]
  ) async throws(EventLogError) -> [RecordedEvent] {
    try positions.validate()
    return try await reading { storage, head throws(EventLogError) in
      let there = positions.filter { $0 <= head }
      return there.isEmpty ? [] : try storage.events(at: there, head: head)
    }
  }

  package func position(of id: EventID) async throws(EventLogError) -> GlobalPosition? {
    try await reading { storage, head throws(EventLogError) in
      try storage.position(of: id).flatMap { $0 <= head ? $0 : nil }
    }
  }

  package func tracking(of source: String) async throws(EventLogError) -> UInt64? {
    try await reading { storage, _ throws(EventLogError) in
      try storage.tracking(of: NameKey(source))
    }
  }

  package func head(
    beyond position: GlobalPosition?
  ) async throws(EventLogError) -> GlobalPosition {
    guard !gate.isClosed else { throw .closed }
    guard let position else { return published.value }
    return try await published.wait(beyond: position)
  }

  /// Raises the published head to what another appender has made durable in the same store.
  package func follow(to head: GlobalPosition) { published.publish(head.number) }

  /// Ends the waits for the head, now and later: the store is not the one any more that was read.
  package func endWaits(_ error: EventLogError) { published.close(error) }

  /// How many requests wait for the appender, and their bytes: what admission is bounded by.
  package var waiting: (requests: Int, events: Int, bytes: Int) {
    pipeline.monitor.withLock { ($0.waitingRequests, $0.waitingEvents, $0.waitingBytes) }
  }

  /// The position up to which commits are planned; at or beyond the published head.
  package var planned: GlobalPosition {
    GlobalPosition(pipeline.planner.withLock { $0.head })
  }

  package func close() async {
    published.close()
    administration.close()
    await gate.close()
    await pipeline.close()
    pool.shutdown()
  }

  /// Runs a blocking read on the pool, with the published head as it is then.
  package func reading<R: Sendable>(
    _ body:
      @escaping @Sendable (any LogStorage, GlobalPosition) throws(EventLogError) -> R
  ) async throws(EventLogError) -> R {
    guard !Task.isCancelled else { throw .cancelled }
    guard gate.enter() else { throw .closed }
    defer { gate.leave() }
    return try await pool.run { [storage, published] () throws(EventLogError) -> R in
      try body(storage, published.value)
    }
  }

  /// Runs long work of administration on a thread of its own, so that it takes none from reads; one
  /// at a time.
  ///
  /// The work looks at the sign between its steps: it is told to stop when its task is cancelled and
  /// when the engine is closed, which waits for it.
  ///
  /// - Throws: `.overloaded` while another is under way.
  package func administering<R: Sendable>(
    _ body:
      @escaping @Sendable (any LogStorage, GlobalPosition, StopSign) throws(EventLogError) -> R
  ) async throws(EventLogError) -> R {
    guard !Task.isCancelled else { throw .cancelled }
    guard gate.enter() else { throw .closed }
    defer { gate.leave() }
    let stop = try administration.begin()
    defer { administration.end() }
    let pool = BlockingPool(name: "log-admin", threads: 1)
    defer { pool.shutdown() }
    let answer: Result<R, EventLogError> = await withTaskCancellationHandler {
      await pool.run { [storage, published] () -> Result<R, EventLogError> in
        do throws(EventLogError) {
          return .success(try body(storage, published.value, stop))
        } catch {
          return .failure(error)
        }
      }
    } onCancel: {
      stop.cancel()
    }
    return try answer.get()
  }

  /// The page of a reader that is close behind the head; nil for any other.
  private func recentPage(_ asked: AllReading) throws(EventLogError) -> EventPage? {
    guard !Task.isCancelled else { throw .cancelled }
    guard !gate.isClosed else { throw .closed }
    return pipeline.recent.page(asked, head: published.value)
  }

  private static func check(_ asked: AllReading) throws(EventLogError) {
    try check(asked.limit)
    try asked.query.validate()
  }

  private static func check(_ limit: Int) throws(EventLogError) {
    guard (1...EventLogLimits.pageEvents).contains(limit) else {
      throw .invalid("a page holds 1 to \(EventLogLimits.pageEvents) events, not \(limit)")
    }
  }
}

// Laws L47 and L48.
extension PipelinedEventLog {
  package func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    guard !gate.isClosed else { throw .closed }
    var rest = events[...]
    let head = try await head(beyond: nil)
    while let first = rest.first, first.position <= head {
      try await compare(&rest, upTo: head)
    }
    while !rest.isEmpty {
      var chunk: [RecordedEvent] = []
      var bytes = 0
      while let event = rest.first, chunk.count < EventLogLimits.pageEvents,
        bytes < EventLogLimits.requestBytes
      {
        try event.validateRestored()
        bytes += event.withEnvelope { $0.count }
        chunk.append(event)
        rest.removeFirst()
      }
      let prepared = PreparedRequest(restoring: chunk)
      _ = try await pipeline.append(prepared)
    }
  }

  /// Compares the first events of `rest` with what is recorded, and drops them.
  private func compare(
    _ rest: inout ArraySlice<RecordedEvent>,
    upTo head: GlobalPosition
  ) async throws(EventLogError) {
    guard let first = rest.first, first.position > .start else {
      throw .invalid("an event of an export has no position")
    }
    let page = try await readAll(
      after: GlobalPosition(first.position.number - 1),
      matching: .all,
      direction: .forward,
      limit: EventLogLimits.pageEvents,
      includeRemoved: true
    )
    for recorded in page.events {
      guard let event = rest.first, event.position <= head else { return }
      // An export that was read while its log lost events holds some of them whole, which are
      // headers here once the removal behind them was taken.
      guard event == recorded || recorded.isRemoved && event.removed == recorded else {
        throw .invalid("the export differs from the log at \(recorded.position)")
      }
      rest.removeFirst()
    }
  }
}
