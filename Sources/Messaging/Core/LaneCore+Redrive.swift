internal import DequeModule
internal import EventLogCore
internal import WeaveRuntime

// A parked stream is redriven by its own lane, between batches: one event per transaction, which
// handles the event and moves the row's head, or deletes the row with the last one. Live events of
// the stream come before that commit (they find the row and wait behind it) or after it (they find
// none and are the next revision), so nothing slips through.
extension LaneCore {
  /// Starts the next step of a redrive; false if none is due or live work has its turn.
  mutating func redriveNext(now: Timestamp) -> Bool {
    guard !parked.isEmpty || !wishes.isEmpty else { return false }
    guard !isBusy || batchesSinceRedrive >= MessagingLimits.redriveShare else { return false }
    while let stream = wishes.first {
      guard let row = parked[stream] else {
        wishes.removeFirst()
        continue
      }
      guard row.isWished else {
        perform(.wish(stream))
        return true
      }
      break
    }
    if redrive == nil { redrive = dueStream(now: now).map { Redrive(stream: $0) } }
    guard let current = redrive, let row = parked[current.stream] else {
      redrive = nil
      return false
    }
    batchesSinceRedrive = 0
    if let event = current.events.first {
      let next = current.events.count > 1 ? current.events[1] : nil
      perform(.redrive(current.stream, event, next: next))
    } else {
      perform(.readParked(row))
    }
    return true
  }

  private mutating func dueStream(now: Timestamp) -> StreamName? {
    if let wished = wishes.first, parked[wished] != nil { return wished }
    guard let nextDue, nextDue <= now else { return nil }
    return parked.values.filter { $0.state == .waiting && $0.due <= now }
      .min { ($0.due, $0.stream) < ($1.due, $1.stream) }?.stream
  }

  mutating func remindOfDue() {
    nextDue = parked.values.lazy.filter { $0.state == .waiting }.map(\.due).min()
  }

  mutating func set(_ row: ParkedStream) {
    let old = parked.updateValue(row, forKey: row.stream)
    if old?.due != row.due || old?.state != row.state { remindOfDue() }
  }

  mutating func hasRead(_ events: [RecordedEvent], of row: ParkedStream) {
    guard redrive?.stream == row.stream else { return }
    if events.isEmpty {
      // What waited was truncated meanwhile: the row goes.
      perform(.redrive(row.stream, nil, next: nil))
    } else {
      redrive?.events = Deque(events)
    }
  }

  mutating func hasRedriven(_ stream: StreamName, _ row: ParkedStream?) {
    recover()
    counters.redriven += 1
    if redrive?.events.isEmpty == false { redrive?.events.removeFirst() }
    if let row {
      set(row)
    } else {
      forget(stream)
    }
  }

  /// Lets go of a row that is gone from the store.
  mutating func forget(_ stream: StreamName) {
    parked[stream] = nil
    wishes.removeAll { $0 == stream }
    if redrive?.stream == stream { redrive = nil }
    remindOfDue()
    actions.append(.unparked)
  }

  mutating func redriveFailed(
    _ stream: StreamName,
    _ event: RecordedEvent,
    _ failure: LaneFailure,
    now: Timestamp
  ) {
    redrive = nil
    guard failure.kind != .outage else { return fail(failure.text, now: now) }
    wishes.removeAll { $0 == stream }
    guard let row = parked[stream] else { return }
    let attempts = row.attempts + 1
    let isDead = attempts >= RetryPolicy.timedRedrives(failure.kind)
    let wait = RetryPolicy.redrive.delay(attempt: attempts, using: &random)
    perform(
      .postpone(
        RedriveFailure(
          stream: stream,
          event: event,
          state: isDead ? .dead : .waiting,
          attempts: attempts,
          due: isDead ? now : now.advanced(by: wait),
          failure: failure
        )
      )
    )
  }
}
