package import EventLogCore

// What lanes do inside one transaction of a handler's store. Each begins by finding the lane's own
// fence in the checkpoint's row: a commit under an older one is refused (M9).

/// Somebody else claimed the lane.
package struct Fenced: Error {}

/// The event at `index` of a batch could not be handled; nothing of the batch is kept.
package struct BatchFailure: Error {
  package let index: Int
  package let cause: any Error
}

extension LaneTransaction {
  package func checkFence(_ fence: UInt64, of lane: LaneID) throws {
    guard try checkpoint(of: lane)?.fence == fence else { throw Fenced() }
  }
}

extension Handler {
  /// Handles a batch, as much of it as fits `MessagingLimits.batchTime`.
  package func apply(
    _ batch: LaneBatch,
    of lane: LaneID,
    in transaction: inout Store.Transaction
  ) throws -> (count: Int, rows: [ParkedStream]) {
    try transaction.checkFence(batch.base.fence, of: lane)
    let begin = ContinuousClock.now
    var rows: [StreamName: ParkedStream] = [:]
    var count = 0
    for event in batch.events {
      do {
        if event.isWanted { try apply(event, of: lane, in: &transaction, rows: &rows) }
      } catch {
        throw BatchFailure(index: count, cause: error)
      }
      count += 1
      if ContinuousClock.now - begin > MessagingLimits.batchTime { break }
    }
    try transaction.put(batch.checkpoint(after: count), of: lane)
    return (count, Array(rows.values))
  }

  private func apply(
    _ event: LaneEvent,
    of lane: LaneID,
    in transaction: inout Store.Transaction,
    rows: inout [StreamName: ParkedStream]
  ) throws {
    guard event.isParked, var row = try transaction.parked(event.stream, in: lane) else {
      return try handle(event.event, in: &transaction)
    }
    row.tailPosition = event.event.position
    row.tailRevision = event.event.revision ?? .first
    row.behind += 1
    try transaction.park(row, in: lane)
    rows[row.stream] = row
  }

  /// Handles a parked event and moves the row's head, or deletes the row after its tail.
  package func redrive(
    _ stream: StreamName,
    _ event: RecordedEvent?,
    next: RecordedEvent?,
    of lane: LaneID,
    fence: UInt64,
    now: Timestamp,
    in transaction: inout Store.Transaction
  ) throws -> ParkedStream? {
    try transaction.checkFence(fence, of: lane)
    guard var row = try transaction.parked(stream, in: lane) else { return nil }
    guard let event else {
      try transaction.unpark(stream, in: lane)
      return nil
    }
    do {
      try handle(event, in: &transaction)
    } catch {
      throw BatchFailure(index: 0, cause: error)
    }
    guard event.position < row.tailPosition else {
      try transaction.unpark(stream, in: lane)
      return nil
    }
    row.headPosition = next?.position ?? event.position.next
    row.headRevision = next?.revision ?? event.revision?.next ?? .first
    row.behind -= min(row.behind, 1)
    row.attempts = 0
    row.firstFailed = now
    try transaction.park(row, in: lane)
    return row
  }
}

extension LaneTransaction {
  /// Raises the fence and answers the lane's rows; nil if they speak of another log.
  package mutating func claim(
    _ lane: LaneID,
    for log: LogIdentity
  ) throws -> (checkpoint: Checkpoint, parked: [ParkedStream])? {
    let found = try checkpoint(of: lane) ?? Checkpoint(log: log, floor: .start)
    guard var mine = found.accepted(by: log) else { return nil }
    mine.fence += 1
    try put(mine, of: lane)
    var rows: [ParkedStream] = []
    while true {
      let page = try parked(
        in: lane,
        after: rows.last?.stream,
        limit: MessagingLimits.parkedPerLane
      )
      rows += page
      if page.count < MessagingLimits.parkedPerLane { return (mine, rows) }
    }
  }

  package mutating func postpone(
    _ failed: RedriveFailure,
    of lane: LaneID,
    fence: UInt64
  ) throws -> ParkedStream? {
    try checkFence(fence, of: lane)
    guard var row = try parked(failed.stream, in: lane) else { return nil }
    row.headPosition = failed.event.position
    row.headRevision = failed.event.revision ?? .first
    row.state = failed.state
    row.attempts = failed.attempts
    row.due = failed.due
    row.kind = failed.failure.kind
    row.error = failed.failure.text
    row.isWished = false
    try park(row, in: lane)
    return row
  }

  package mutating func wish(
    for stream: StreamName,
    of lane: LaneID,
    fence: UInt64
  ) throws -> ParkedStream? {
    try checkFence(fence, of: lane)
    guard var row = try parked(stream, in: lane) else { return nil }
    row.isWished = true
    try park(row, in: lane)
    return row
  }
}
