public import EventLogCore
internal import MessagingCore
internal import Synchronization
internal import WeaveRuntime

extension LiveProjection {
  /// Waits until the read model reflects `floor`, at most `patience`, then reads.
  public func read<R: Sendable>(
    atLeast floor: GlobalPosition?,
    stream: StreamName?,
    patience: Duration,
    _ body: @escaping @Sendable (ReadModelView) throws -> R
  ) async throws -> R {
    if !isFilled.value { try await waitUntilFilled(patience) }
    if let floor { try await wait(for: floor, stream: stream, patience) }
    return try await store.run { [self] in
      let view = try view()
      if let floor, let stream {
        let lane = LaneID(handler: P.id.handler, partition: Partition.of(stream))
        if let parked = try view.parked(stream, in: lane), parked.headPosition <= floor {
          throw ProjectionReadError.parked(stream)
        }
      }
      return try body(view)
    }
  }

  /// Reads one document; a hot one without leaving the thread.
  ///
  /// The cache answers only who names no floor: whether a stream is parked at or before a floor is
  /// known to the store alone.
  public func document<Document: Sendable>(
    _ key: DocumentKey,
    in collection: Collection<Document>,
    atLeast floor: GlobalPosition?,
    stream: StreamName?,
    patience: Duration
  ) async throws -> (document: Document?, position: GlobalPosition) {
    // The position first: what it promises is committed, and commits clear the cache before lanes
    // tell it.
    let position = applied.position
    let generation = row.live
    let rowKey = RowKeys.collection(.document, collection.name, of: generation) + key.bytes
    let (cached, ticket) = store.cache.look(rowKey)
    if floor == nil, isFilled.value, let document = cached as? Document {
      return (document, position)
    }
    return try await read(atLeast: floor, stream: stream, patience: patience) { [store] view in
      guard view.generation == generation else {
        return (try view.get(key, in: collection), view.appliedPosition)
      }
      guard let bytes = try view.source.get(rowKey) else { return (nil, view.appliedPosition) }
      let document = try collection.decode(bytes)
      store.cache.offer(document, bytes: bytes.count, at: rowKey, ticket)
      return (document, view.appliedPosition)
    }
  }

  /// The live generation at one moment.
  ///
  /// Blocks.
  func view() throws -> ReadModelView {
    while true {
      // In this order: what lanes and fillings told is committed, so the moment after shows it. A
      // cut-over between the two lines could drop the generation that was meant, hence the last
      // look.
      let (generation, applied) = (row.live, applied.position)
      let source = try store.engine.snapshot()
      guard row.live == generation else { continue }
      return ReadModelView(appliedPosition: applied, source: source, generation: generation)
    }
  }

  private func wait(
    for floor: GlobalPosition,
    stream: StreamName?,
    _ patience: Duration
  ) async throws {
    let partition = stream.map { Partition.of($0) }
    if try await applied.wait(until: floor, partition: partition, patience: .zero) { return }
    let head = try await log.head()
    guard floor <= head else { throw ProjectionReadError.beyondHead(head: head) }
    guard try await applied.wait(until: floor, partition: partition, patience: patience) else {
      throw try await lagging()
    }
  }

  /// A generation that never reached the head misses what is old, whoever asks.
  private func waitUntilFilled(_ patience: Duration) async throws {
    let isInTime = try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask { [isFilled] in try await isFilled.wait { $0 } }
      group.addTask {
        try await Task.sleep(for: patience)
        return false
      }
      defer { group.cancelAll() }
      return try await group.next() ?? false
    }
    guard isInTime else { throw try await lagging() }
  }

  private func lagging() async throws -> ProjectionReadError {
    let (position, head) = (applied.position, try await log.head())
    return .lagging(
      applied: position,
      lag: head > position ? head.number - position.number : 0
    )
  }
}
