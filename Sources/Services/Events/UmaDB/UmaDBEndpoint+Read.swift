internal import EventLogCore
internal import GRPCCore
internal import Schemas

extension UmaDBEndpoint {
  /// Events of a page at least: tiny messages need not mean tiny reads.
  static let smallestPage = 256

  /// Sends the matching events up to the head as it is now.
  func read(
    _ wire: Umadb_V1_ReadRequest,
    into response: RPCWriter<[UInt8]>,
    until cancellation: ServerContext.RPCCancellationHandle
  ) async throws {
    guard !wire.subscribe else {
      throw EventLogError.invalid("a read does not subscribe; call Subscribe")
    }
    let query = EventQuery(wire.query)
    try query.validate()
    let head = try await log.head()
    guard !wire.hasLimit || wire.limit > 0 else { return }
    var batch = UmaDBBatch(size: wire.hasBatchSize ? wire.batchSize : nil)
    let pageSize = max(batch.size, Self.smallestPage)
    let reading = UmaDBRead(wire, of: query, upTo: head, pageSize: pageSize)
    var hasSent = false
    func send(_ full: UmaDBBatch.Full) async throws {
      guard !cancellation.isCancelled else { throw EventLogError.closed }
      var message = full.message
      let told = wire.hasLimit ? full.last : head
      if let told, told > .start { UmaDBEventWriter.write(head: told, into: &message) }
      try await response.write(message)
      hasSent = true
    }
    try await reading.forEachPage(of: log) { _, page in
      for event in page.events { if let full = batch.add(event) { try await send(full) } }
      guard !cancellation.isCancelled else { throw EventLogError.closed }
    }
    let last = batch.take()
    if last.last != nil || !hasSent { try await send(last) }
  }
}

/// A read, and where it stands.
private struct UmaDBRead: PagedRead {
  private let query: EventQuery
  private let direction: Direction
  private let head: GlobalPosition
  /// Events of this page at most.
  private var pageSize: Int
  private var after: GlobalPosition
  /// Events that are still asked for.
  private var rest: Int

  /// - pageSize: events of the first page at most.
  init(
    _ wire: Umadb_V1_ReadRequest,
    of query: EventQuery,
    upTo head: GlobalPosition,
    pageSize: Int
  ) {
    self.query = query
    self.head = head
    self.pageSize = pageSize
    direction = wire.backwards ? .backward : .forward
    rest = wire.hasLimit ? Int(wire.limit) : .max
    // Its start is inclusive, and that of the log exclusive.
    let start = wire.hasStart ? wire.start : nil
    after =
      wire.backwards
      ? GlobalPosition(min(start ?? .max, head.number)).next
      : GlobalPosition(max(start ?? 0, 1) - 1)
  }

  func page(of engine: any EventLogEngine) async throws(EventLogError) -> EventPage {
    let page = try await engine.readAll(
      after: after,
      matching: query,
      direction: direction,
      limit: min(pageSize, rest)
    )
    // What came after the call began is left for another one.
    return direction == .forward ? page.cut(after: head) : page
  }

  func behind(_ page: EventPage, isAhead: Bool) -> UmaDBRead? {
    var next = self
    next.after = page.scannedTo
    next.rest -= page.events.count
    // Threads wake each other for every page.
    if isAhead { next.pageSize = UmaDBBatch.largestSize }
    return page.isEnd || next.rest == 0 ? nil : next
  }
}
