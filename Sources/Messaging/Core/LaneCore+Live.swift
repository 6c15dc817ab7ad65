internal import DequeModule
internal import EventLogCore
internal import WeaveRuntime

// The delivery table, for category c, position p, previous position q:
//
//   p ≤ mark(c), or a category the lane did not ask for   let go
//   q ≤ mark(c)                                           handle, mark(c) = p
//   q > mark(c)                                           catch up through p
//
// Catching up is one path for hole, start, probe and falling behind: read every category after
// the floor in position order, handle what is beyond its mark, raise the floor.
extension LaneCore {
  /// Starts the next live work; false if there is none.
  mutating func liveNext(now: Timestamp) -> Bool {
    while true {
      skipUnwanted()
      if !queue.isEmpty {
        applyNext(now: now)
        return true
      }
      if let goal {
        if checkpoint.floor < goal {
          perform(.read(after: checkpoint.floor, through: goal))
          return true
        }
        self.goal = nil
      }
      guard takeFromBuffer() else { return false }
    }
  }

  /// Whether live work waits, so that redrive keeps to its share.
  var isBusy: Bool { !isFull && (!queue.isEmpty || goal != nil || !buffer.isEmpty) }

  /// Moves what may be handled from the buffer to the queue, or finds a hole.
  private mutating func takeFromBuffer() -> Bool {
    var ahead: [Category: GlobalPosition] = [:]
    isQueueFromLog = false
    queueThrough = nil
    while let message = buffer.first, queue.count < MessagingLimits.batchEvents {
      guard message.log == checkpoint.log.id else {
        end(.foreignLog)
        return false
      }
      let category = message.key.category
      let mark = ahead[category] ?? checkpoint.mark(of: category)
      if message.position <= mark || !categories.contains(category) {
        buffer.removeFirst()
      } else if message.previous <= mark, let event = message.event {
        buffer.removeFirst()
        queue.append(keyed(KeyedEvent(category: category, event: event)))
        ahead[category] = message.position
      } else {
        guard queue.isEmpty else { return true }
        if message.previous > mark { counters.holes += 1 }
        goal = message.position
        return true
      }
    }
    return !queue.isEmpty
  }

  private func keyed(_ keyed: KeyedEvent) -> LaneEvent {
    let event = keyed.event
    let isWanted = !event.isRemoved && event.matches(query)
    var result = LaneEvent(
      category: keyed.category,
      event: event,
      isWanted: isWanted,
      isParked: false
    )
    if isWanted, !parked.isEmpty { result.isParked = parked[result.stream] != nil }
    return result
  }

  /// Takes a page of the log.
  mutating func accept(_ page: FeedPage) {
    recover()
    isQueueFromLog = true
    queueThrough = page.scannedTo
    for event in page.events where event.event.position > checkpoint.mark(of: event.category) {
      let event = keyed(event)
      if event.isWanted { queue.append(event) }
    }
    if queue.isEmpty { checkpoint.raiseFloor(to: page.scannedTo) }
  }

  /// Passes events nobody asked for without a transaction.
  private mutating func skipUnwanted() {
    guard !isQueueFromLog else { return }
    while let first = queue.first, !first.isWanted {
      queue.removeFirst()
      checkpoint.mark(first.category, at: first.event.position, among: categories)
    }
  }

  private mutating func applyNext(now: Timestamp) {
    if let solo, let failure = solo.final, queue.first?.event.position == solo.position {
      return parkNext(failure, now: now)
    }
    var limit = MessagingLimits.batchEvents
    if let outage, outage.ramp < MessagingLimits.outageRamp.count {
      limit = MessagingLimits.outageRamp[outage.ramp]
    }
    var delay = Duration.zero
    if let solo {
      if queue.first?.event.position == solo.position {
        limit = 1
        delay = solo.delay
      } else if let index = queue.firstIndex(where: { $0.event.position == solo.position }) {
        limit = min(limit, index)
      }
    }
    var events = Array(queue.prefix(limit))
    for index in events.indices where events[index].isWanted {
      // Streams may have been parked or unparked since the event was queued.
      events[index].isParked = !parked.isEmpty && parked[events[index].stream] != nil
    }
    perform(.apply(batch(events, delay: delay)))
  }

  private func batch(_ events: [LaneEvent], delay: Duration = .zero) -> LaneBatch {
    LaneBatch(
      events: events,
      delay: delay,
      base: checkpoint,
      through: events.count == queue.count ? queueThrough : nil,
      isFromLog: isQueueFromLog,
      categories: categories
    )
  }

  mutating func committed(
    _ batch: LaneBatch,
    _ count: Int,
    _ rows: [ParkedStream],
    now: Timestamp
  ) {
    recover()
    batchesSinceRedrive += 1
    leave(count, with: batch.checkpoint(after: count), now: now)
    for row in rows { set(row) }
  }

  /// Forgets the first `count` queued events, which are handled or parked.
  private mutating func leave(_ count: Int, with checkpoint: Checkpoint, now: Timestamp) {
    if let solo, queue.prefix(count).contains(where: { $0.event.position == solo.position }) {
      self.solo = nil
    }
    queue.removeFirst(count)
    stored = checkpoint
    storedAt = now
    self.checkpoint.merge(checkpoint)
  }

  /// After an outage batches grow step by step.
  mutating func recover() {
    guard var next = outage else { return }
    next.ramp += 1
    next.attempt = 0
    outage = next.ramp < MessagingLimits.outageRamp.count ? next : nil
  }

  mutating func applyFailed(at index: Int, _ failure: LaneFailure, now: Timestamp) {
    guard failure.kind != .outage else { return fail(failure.text, now: now) }
    guard index < queue.count else { return }
    let position = queue[index].event.position
    guard var next = solo, next.position == position else {
      // The first failure, perhaps among others: it is handled alone from now on.
      solo = Solo(position: position)
      if index == 0 { retry(failure) }
      return
    }
    next.position = position
    solo = next
    retry(failure)
  }

  /// Decides between another try in memory and parking.
  private mutating func retry(_ failure: LaneFailure) {
    guard var next = solo else { return }
    next.failures += 1
    let delay = RetryPolicy.inMemory.delay(attempt: next.failures - 1, using: &random)
    if next.failures > RetryPolicy.triesInMemory(failure.kind)
      || next.waited + delay > MessagingLimits.retryBudget
    {
      next.final = failure
    } else {
      next.delay = delay
      next.waited += delay
    }
    solo = next
  }

  private mutating func parkNext(_ failure: LaneFailure, now: Timestamp) {
    guard let event = queue.first else { return }
    guard parked.count < MessagingLimits.parkedPerLane else {
      // Tried afresh once there is room: the failure may have passed by then.
      solo = Solo(position: event.event.position)
      isFull = true
      return
    }
    let isDead = RetryPolicy.timedRedrives(failure.kind) == 0
    let wait = RetryPolicy.redrive.delay(attempt: 0, using: &random)
    let row = ParkedStream(
      stream: event.stream,
      partition: lane.partition,
      head: (event.event.position, event.event.revision ?? .first),
      state: isDead ? .dead : .waiting,
      due: isDead ? now : now.advanced(by: wait),
      firstFailed: now,
      kind: failure.kind,
      error: failure.text
    )
    perform(.park(event, row, batch([event]).checkpoint(after: 1)))
  }

  mutating func hasParked(_ row: ParkedStream, with checkpoint: Checkpoint, now: Timestamp) {
    counters.parked += 1
    leave(1, with: checkpoint, now: now)
    set(row)
  }
}
