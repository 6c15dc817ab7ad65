internal import EventLogCore

/// Recently read pages of the log, split by partition, for all lanes of a process.
///
/// Lanes that catch up over one range ask for nearly the same pages; the first reads, the others
/// get what it read. Lanes further apart than the kept pages read for themselves.
actor SharedPages {
  struct Page: Sendable {
    let after: GlobalPosition
    let scannedTo: GlobalPosition
    let lanes: [[KeyedEvent]]
  }

  private let log: any EventLogEngine
  private var kept: [Page] = []
  private var isReading = false
  private var wasUsed = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ log: any EventLogEngine) { self.log = log }

  /// The page that holds what follows `after`; waits until the log shows `through`.
  func page(
    after: GlobalPosition,
    through: GlobalPosition
  ) async throws(EventLogError) -> Page {
    if through > .start {
      _ = try await log.head(beyond: GlobalPosition(through.number - 1))
    }
    wasUsed = true
    while true {
      if let page = kept.last(where: { $0.after <= after && after < $0.scannedTo }) { return page }
      guard isReading else { break }
      // The reader always wakes its waiters, cancelled or not, so this needs no cancellation.
      await withCheckedContinuation { waiting.append($0) }
    }
    isReading = true
    defer {
      isReading = false
      let woken = waiting
      waiting = []
      for continuation in woken { continuation.resume() }
    }
    let distance = through > after ? through.number - after.number : 1
    let page = try await log.readAll(
      after: after,
      matching: .all,
      direction: .forward,
      limit: min(
        max(Int(clamping: distance), MessagingLimits.catchUpPageLeast),
        MessagingLimits.catchUpPageEvents
      ),
      includeRemoved: true
    )
    var lanes = [[KeyedEvent]](repeating: [], count: MessagingLimits.partitions)
    for event in page.events {
      let key = RoutingKey(of: event)
      lanes[key.partition].append(KeyedEvent(category: key.category, event: event))
    }
    let split = Page(after: after, scannedTo: page.scannedTo, lanes: lanes)
    if split.scannedTo > after {
      kept.append(split)
      if kept.count > MessagingLimits.sharedPages { kept.removeFirst() }
    }
    return split
  }

  /// Frees the pages if nobody asked since the last call.
  func cool() {
    if !wasUsed { kept = [] }
    wasUsed = false
  }
}
