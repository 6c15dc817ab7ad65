internal import EventLogCore
public import MessagingCore

/// One generation of one projection as the store of its lanes.
///
/// - Errors: `transact` throws what its body throws, `ReadModelError.fenced` if a lane that the
///   body read or wrote has a newer owner, or the store's failure; nothing is written then.
public final class GenerationStore: LaneStore {
  /// The number under which the rows lie.
  let generation: UInt32
  let store: ReadModelStore

  package init(_ generation: UInt32, in store: ReadModelStore) {
    self.generation = generation
    self.store = store
  }

  /// Runs `body` on a thread of the store and commits what it changed in one batch.
  public func transact<R: Sendable>(
    _ body: @escaping @Sendable (inout ReadModelTransaction) throws -> R
  ) async throws -> R {
    try await store.run { [self] in try transactBlocking(body) }
  }

  /// Runs `body` on the calling thread and commits what it changed in one batch.
  package func transactBlocking<R>(
    _ body: (inout ReadModelTransaction) throws -> R
  ) throws -> R {
    var transaction = ReadModelTransaction(source: store.engine, generation: generation)
    let result = try body(&transaction)
    try commit(transaction)
    return result
  }

  /// Writes the changes of a transaction.
  ///
  /// Blocks.
  func commit(_ transaction: ReadModelTransaction) throws {
    let lanes = transaction.overlay.lanes
    let batch = try transaction.overlay.flush()
    guard !batch.isEmpty else { return }
    // A projection's commit needs no sync: a lost tail loses effect and checkpoint together, and
    // the log gives both again.
    try store.committing(to: generation) { () throws(ReadModelError) in
      try lanes.checkFences(in: store.engine, generation: generation)
      try store.engine.commit(batch, isSynced: false)
    }
  }
}
