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
    var batch = UmaDBBatch(size: wire.hasBatchSize ? wire.batchSize : nil)
    var rest = wire.hasLimit ? Int(wire.limit) : Int.max
    guard rest > 0 else { return }
    var hasSent = false
    func send(_ full: UmaDBBatch.Full) async throws {
      guard !cancellation.isCancelled else { throw EventLogError.closed }
      var message = full.message
      let told = wire.hasLimit ? full.last : head
      if let told, told > .start { UmaDBEventWriter.write(head: told, into: &message) }
      try await response.write(message)
      hasSent = true
    }
    let direction: Direction = wire.backwards ? .backward : .forward
    var after = Self.bound(of: wire, head: head)
    reading: while rest > 0 {
      guard !cancellation.isCancelled else { throw EventLogError.closed }
      let limit = min(max(batch.size, Self.smallestPage), rest)
      let page = try await CallScope.reading {
        try await log.readAll(after: after, matching: query, direction: direction, limit: limit)
      }
      for event in page.events {
        // What came after the call began is left for another one.
        if direction == .forward, event.position > head { break reading }
        if let full = batch.add(event) { try await send(full) }
        rest -= 1
      }
      if page.isEnd || direction == .forward && page.scannedTo >= head { break }
      after = page.scannedTo
    }
    let last = batch.take()
    if last.last != nil || !hasSent { try await send(last) }
  }

  /// The inclusive start of a read as the log's exclusive one.
  private static func bound(of wire: Umadb_V1_ReadRequest, head: GlobalPosition) -> GlobalPosition {
    let start = wire.hasStart ? wire.start : nil
    if wire.backwards { return GlobalPosition(min(start ?? .max, head.number)).next }
    return GlobalPosition(max(start ?? 0, 1) - 1)
  }
}
