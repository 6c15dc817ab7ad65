package import EventLogCore

/// Events that a lane wants handled in one transaction, and what is true afterwards.
package struct LaneBatch: Sendable {
  /// The events, in order.
  package var events: [LaneEvent]
  /// How long to wait before, between tries of one event.
  package var delay: Duration
  /// The checkpoint before.
  package var base: Checkpoint
  /// What else is known to be handled after all of them; nil if they came by the feed.
  package var through: GlobalPosition?
  /// Whether they came from the log, hence with every category in order.
  package var isFromLog: Bool
  /// What the lane asks for.
  package var categories: Set<Category>

  package init(
    events: [LaneEvent],
    delay: Duration,
    base: Checkpoint,
    through: GlobalPosition?,
    isFromLog: Bool,
    categories: Set<Category>
  ) {
    self.events = events
    self.delay = delay
    self.base = base
    self.through = through
    self.isFromLog = isFromLog
    self.categories = categories
  }

  /// The checkpoint after the first `count` events.
  package func checkpoint(after count: Int) -> Checkpoint {
    var checkpoint = base
    if isFromLog {
      if count == events.count, let through {
        checkpoint.raiseFloor(to: through)
      } else if count > 0 {
        checkpoint.raiseFloor(to: events[count - 1].event.position)
      }
    } else {
      for event in events.prefix(count) {
        checkpoint.mark(event.category, at: event.event.position, among: categories)
      }
    }
    return checkpoint
  }
}

/// An event that waits in a lane.
package struct LaneEvent: Sendable {
  package let category: Category
  package let event: RecordedEvent
  /// The name it is parked by: its stream, or `#` and its id.
  package let stream: StreamName
  /// Whether the handler asks for it; the others only move the checkpoint.
  package let isWanted: Bool
  /// Whether its stream is parked; it then waits behind the failed event.
  package var isParked: Bool

  package init(category: Category, event: RecordedEvent, isWanted: Bool, isParked: Bool) {
    self.category = category
    self.event = event
    stream = event.stream ?? StreamName("#" + event.id.description)
    self.isWanted = isWanted
    self.isParked = isParked
  }
}

/// One thing a lane's shell does; its outcome goes back into the core.
package enum LaneWork: Sendable {
  /// Read what the lane asks for after a position; answered by `.read`.
  case read(after: GlobalPosition, through: GlobalPosition)
  /// Handle events in one transaction; answered by `.applied` or `.failed`.
  case apply(LaneBatch)
  /// Park one event instead of handling it; answered by `.parked` or `.parkRefused`.
  case park(LaneEvent, ParkedStream, Checkpoint)
  /// Read what waits of a parked stream; answered by `.waiting`.
  case readParked(ParkedStream)
  /// Handle a parked event; answered by `.redriven` or `.failed`. Without an event nothing waits.
  case redrive(StreamName, RecordedEvent?, next: RecordedEvent?)
  /// Note that a redrive failed; answered by `.noted`.
  case postpone(RedriveFailure)
  /// Note an operator's wish; answered by `.noted`.
  case wish(StreamName)
  /// Claim the lane anew and read its rows; answered by `.opened`.
  case reopen
  /// Write the checkpoint alone; answered by `.saved`.
  case save(Checkpoint)
}

/// What a failed redrive leaves in the row.
package struct RedriveFailure: Sendable {
  package let stream: StreamName
  package let event: RecordedEvent
  package let state: ParkedStream.State
  package let attempts: Int
  package let due: Timestamp
  package let failure: LaneFailure
}

/// Why an event could not be handled.
package struct LaneFailure: Hashable, Sendable {
  package let kind: ErrorKind
  package let text: String
  package init(kind: ErrorKind, text: String) {
    self.kind = kind
    self.text =
      text.utf8.count <= MessagingLimits.errorBytes
      ? text
      : String(decoding: text.utf8.prefix(MessagingLimits.errorBytes - 3), as: UTF8.self) + "…"
  }
}

/// What a lane is about.
public enum LaneState: Hashable, Sendable {
  /// It reads its rows.
  case opening
  /// It reads from the log.
  case catchingUp
  /// It handles what the feed delivers.
  case live
  /// Its store, the log, or something its handler needs is down; it tries again by itself.
  case outage(String)
  /// As many streams are parked as there may be; it goes on when some were redriven.
  case full
  /// Its checkpoint speaks of another log; a person must look.
  case foreignLog
  /// Somebody else claimed it.
  case fenced
  /// It was stopped.
  case stopped
}
