internal import EventLogCore
internal import MessagingCore

/// Applies the events of some partitions, page by page, into an overlay of its own.
///
/// Workers share no stream, so no document, and counters are sums: each commits by itself, the
/// bases of its partitions with the effects. An event that cannot be applied parks its stream under
/// the rules of lanes; what it had already written must go, and no journal is kept for that on the
/// way of all other events: the worker forgets what it did not commit and applies it again,
/// stopping before the events that failed.
struct FillWorker<P: Projection> {
  private let handler: ProjectionHandler<P>
  private let partitions: [Int]
  private let transaction: ReadModelTransaction
  /// The parked streams of the worker's partitions, which only it changes.
  private var parked: [StreamName: ParkedStream]
  /// The same as of the last commit.
  private var parkedBefore: [StreamName: ParkedStream]
  /// What was applied since the last commit.
  private var pending: [FillPage.Item] = []
  private var pendingBytes = 0
  private var bytesKept = 0
  /// Tries that failing events had, and those that are not tried any more.
  private var tries: [GlobalPosition: Int] = [:]
  private var condemned: [GlobalPosition: (kind: ErrorKind, error: String)] = [:]
  /// Everything of its partitions at or below it is committed, so reads show it.
  private(set) var committed: GlobalPosition

  /// Makes a worker that goes on after `start`, through which its partitions are committed.
  init(
    _ handler: ProjectionHandler<P>,
    after start: GlobalPosition,
    partitions: [Int],
    parked: [StreamName: ParkedStream]
  ) {
    self.handler = handler
    committed = start
    self.partitions = partitions
    self.parked = parked
    parkedBefore = parked
    transaction = ReadModelTransaction(
      source: handler.store.store.engine,
      generation: handler.store.generation
    )
  }

  /// How many streams are parked.
  var parkedCount: Int { parked.count }
  /// The rows of parked streams, by name.
  var parkedStreams: [ParkedStream] { parked.values.sorted { $0.stream < $1.stream } }

  /// Applies a share of a page, and commits if enough has gathered or nothing follows.
  ///
  /// - Parameters:
  ///   - items: its share.
  ///   - position: through where the page looked.
  ///   - log: what the log was when the page was read; it may begin an epoch between two.
  ///   - isLast: whether nothing follows.
  /// - Returns: how many rows it wrote for effects.
  /// - Throws: what the store says of a commit, and of a projection that fails otherwise than by an event.
  mutating func apply(
    _ items: [FillPage.Item],
    upTo position: GlobalPosition,
    of log: LogIdentity,
    isLast: Bool
  ) throws -> Int {
    let first = pending.count
    pending += items
    for item in items { pendingBytes += item.event.dataCount }
    try applyPending(from: first)
    guard
      isLast || pending.count >= FillLimits.commitEvents
        || pendingBytes >= FillLimits.commitBytes
    else { return 0 }
    return try commit(upTo: position, of: log)
  }

  private mutating func applyPending(from start: Int) throws {
    var start = start
    while let failure = try attempt(from: start) {
      try Task.checkCancellation()
      transaction.overlay.reset()
      parked = parkedBefore
      start = 0
      let kind = handler.kind(of: failure.error)
      if kind == .outage { throw failure.error }
      tries[failure.position, default: 0] += 1
      if tries[failure.position, default: 0] > FillWorker.furtherTries(kind) {
        condemned[failure.position] = (kind, String(describing: failure.error))
      }
    }
  }

  private mutating func commit(
    upTo position: GlobalPosition,
    of log: LogIdentity
  ) throws -> Int {
    var batch = try transaction.overlay.flush()
    let effects = batch.count
    let base = Checkpoint(log: log, floor: position).row
    for partition in partitions {
      batch.put(RowKeys.base(of: handler.store.generation, partition: partition), base)
    }
    try handler.store.store.engine.commit(batch, isSynced: false)
    committed = position
    parkedBefore = parked
    bytesKept += pendingBytes
    pending.removeAll(keepingCapacity: true)
    pendingBytes = 0
    tries = [:]
    condemned = [:]
    if bytesKept > FillLimits.keptBytes
      || transaction.overlay.documentCount > FillLimits.keptDocuments
    {
      transaction.overlay.reset()
      bytesKept = 0
    }
    return effects
  }

  private struct Failure {
    let position: GlobalPosition
    let error: any Error
  }

  /// Applies everything, or up to the first failure.
  private mutating func attempt(from start: Int) throws -> Failure? {
    var transaction = transaction
    for index in start..<pending.count {
      let item = pending[index]
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
