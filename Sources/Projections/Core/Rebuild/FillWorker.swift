internal import EventLogCore
internal import MessagingCore

/// Applies the events of some partitions, page by page, into an overlay of its own.
///
/// Workers share no stream, so no document; counters are sums. What they gather therefore goes
/// into one batch. An event that cannot be applied parks its stream under the rules of lanes; what
/// it had already written must go, and no journal is kept for that on the way of all other events:
/// the worker forgets the page and applies it again, stopping before the events that failed.
struct FillWorker<P: Projection> {
  private let handler: ProjectionHandler<P>
  private let transaction: ReadModelTransaction
  /// The parked streams of the worker's partitions, which only it changes.
  private var parked: [StreamName: ParkedStream]

  init(_ handler: ProjectionHandler<P>, parked: [StreamName: ParkedStream]) {
    self.handler = handler
    self.parked = parked
    transaction = ReadModelTransaction(
      source: handler.store.store.engine,
      generation: handler.store.generation
    )
  }

  /// How many streams are parked.
  var parkedCount: Int { parked.count }
  /// The parked streams, by name.
  var parkedStreams: [ParkedStream] { parked.values.sorted { $0.stream < $1.stream } }

  /// Applies a share of a page and gives the batch to commit before the next share.
  mutating func apply(_ items: [FillPage.Item]) throws -> ReadModelBatch {
    if transaction.overlay.documentCount > FillLimits.keptDocuments { transaction.overlay.reset() }
    let before = parked
    // Tries that each failing event of this page had.
    var tries: [GlobalPosition: Int] = [:]
    var condemned: [GlobalPosition: (kind: ErrorKind, error: String)] = [:]
    while true {
      guard let failure = try attempt(items, condemned) else { break }
      try Task.checkCancellation()
      transaction.overlay.reset()
      parked = before
      let kind = handler.kind(of: failure.error)
      if kind == .outage { throw failure.error }
      tries[failure.position, default: 0] += 1
      if tries[failure.position, default: 0] > FillWorker.furtherTries(kind) {
        condemned[failure.position] = (kind, String(describing: failure.error))
      }
    }
    do {
      return try transaction.overlay.flush()
    } catch {
      // A document that cannot be encoded: which event made it is not known here.
      transaction.overlay.reset()
      throw error
    }
  }

  private struct Failure {
    let position: GlobalPosition
    let error: any Error
  }

  /// Applies everything, or up to the first failure.
  private mutating func attempt(
    _ items: [FillPage.Item],
    _ condemned: [GlobalPosition: (kind: ErrorKind, error: String)]
  ) throws -> Failure? {
    var transaction = transaction
    for item in items {
      // Almost always nothing is parked: then not even the stream's name is made.
      if !parked.isEmpty, try waits(item, in: &transaction) { continue }
      if !condemned.isEmpty, let sentence = condemned[item.event.position] {
        try park(item, sentence.kind, sentence.error, in: &transaction)
        continue
      }
      do {
        try handler.projection.apply(item.event, to: &transaction)
      } catch {
        return Failure(position: item.event.position, error: error)
      }
    }
    return nil
  }

  /// Counts an event of a parked stream as waiting.
  private mutating func waits(
    _ item: FillPage.Item,
    in transaction: inout ReadModelTransaction
  ) throws -> Bool {
    let stream = ParkedStream.name(for: item.event)
    guard var row = parked[stream] else { return false }
    row.tailPosition = item.event.position
    row.tailRevision = item.event.revision ?? .first
    row.behind += 1
    parked[stream] = row
    try transaction.park(row, in: lane(item))
    return true
  }

  private mutating func park(
    _ item: FillPage.Item,
    _ kind: ErrorKind,
    _ error: String,
    in transaction: inout ReadModelTransaction
  ) throws {
    let now = Timestamp.now
    let isRetried = FillWorker.furtherTries(kind) > 0
    let row = ParkedStream(
      stream: ParkedStream.name(for: item.event),
      partition: item.partition,
      head: (item.event.position, item.event.revision ?? .first),
      state: isRetried ? .waiting : .dead,
      due: isRetried ? now.advanced(by: MessagingLimits.redriveBase) : now,
      firstFailed: now,
      kind: kind,
      error: String(decoding: error.utf8.prefix(MessagingLimits.errorBytes), as: UTF8.self)
    )
    parked[row.stream] = row
    try transaction.park(row, in: lane(item))
  }

  private func lane(_ item: FillPage.Item) -> LaneID {
    LaneID(handler: handler.id, partition: item.partition)
  }

  /// A projection is pure: trying again helps only where the store or a race was at fault.
  private static func furtherTries(_ kind: ErrorKind) -> Int {
    switch kind {
    case .undecodable, .permanent, .killer, .outage: 0
    case .transient, .unknown: 1
    }
  }
}

extension ParkedStream {
  /// The name under which an event's stream is parked.
  static func name(for event: RecordedEvent) -> StreamName {
    event.stream ?? StreamName("#\(event.id)")
  }
}
