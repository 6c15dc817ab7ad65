internal import EventLogCore
internal import GRPCCore
internal import Schemas

extension UmaDBEndpoint {
  /// Sends the matching events after a position and those that come, until the caller or the
  /// server goes away, which is no error.
  func subscribe(
    _ wire: Umadb_V1_SubscribeRequest,
    into response: RPCWriter<[UInt8]>,
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
    into response: RPCWriter<[UInt8]>
  ) async throws {
    var batch = UmaDBBatch(size: wire.hasBatchSize ? wire.batchSize : nil)
    var settings = SubscriptionSettings()
    settings.pageLimit = max(batch.size, Self.smallestPage)
    let messages = store.subscribe(
      from: wire.hasAfter ? .after(GlobalPosition(wire.after)) : .beginning,
      matching: EventQuery(wire.query),
      settings: settings
    )
    do {
      var pace = SubscriptionPace(messages)
      while let message = try await pace.next() {
        // The protocol has no word for the other messages.
        guard case .events(let page) = message else { continue }
        for event in page.events {
          if let full = batch.add(event) { try await response.write(full.message) }
        }
        let last = batch.take()
        if last.last != nil { try await response.write(last.message) }
      }
    } catch EventLogError.closed {
      // The server stops; the caller subscribes again where it was.
    }
  }
}
