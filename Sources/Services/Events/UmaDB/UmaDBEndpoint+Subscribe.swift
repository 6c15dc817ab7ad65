internal import EventLogCore
internal import GRPCCore
internal import Schemas

extension UmaDBEndpoint {
  /// Sends the matching events after a position and those that come, until the caller or the
  /// server goes away, which is no error.
  func subscribe(
    _ wire: Umadb_V1_SubscribeRequest,
    into response: RPCWriter<Umadb_V1_SubscribeResponse>,
    until cancellation: ServerContext.RPCCancellationHandle
  ) async throws {
    // Nothing can come after the highest position.
    guard wire.after < .max else { return }
    try EventQuery(wire.query).validate()
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await pump(wire, into: response) }
        group.addTask { try await cancellation.cancelled }
        defer { group.cancelAll() }
        try await group.next()
      }
    } catch {
      // Whatever ended the call also ends what it waits for, in either order.
      guard cancellation.isCancelled || Task.isCancelled else { throw error }
    }
  }

  private func pump(
    _ wire: Umadb_V1_SubscribeRequest,
    into response: RPCWriter<Umadb_V1_SubscribeResponse>
  ) async throws {
    var batch = UmaDBBatch(size: wire.hasBatchSize ? wire.batchSize : nil)
    var settings = SubscriptionSettings()
    settings.pageLimit = max(batch.size, Self.smallestPage)
    func send(_ events: [Umadb_V1_SequencedEvent]) async throws {
      var message = Umadb_V1_SubscribeResponse()
      message.events = events
      try await response.write(message)
    }
    let messages = store.subscribe(
      from: wire.hasAfter ? .after(GlobalPosition(wire.after)) : .beginning,
      matching: EventQuery(wire.query),
      settings: settings
    )
    do {
      for try await message in messages {
        // The protocol has no word for the other messages.
        guard case .events(let page) = message else { continue }
        for event in page.events {
          if let full = batch.add(Umadb_V1_SequencedEvent(event)) { try await send(full) }
        }
        let last = batch.take()
        if !last.isEmpty { try await send(last) }
      }
    } catch EventLogError.closed {
      // The server stops; the caller subscribes again where it was.
    }
  }
}
