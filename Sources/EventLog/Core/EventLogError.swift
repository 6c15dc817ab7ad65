/// Why the log did not do what it was asked.
///
/// `conflict`, `conditionFailed` and `trackingNotIncreasing` are lost races: read, decide again.
/// `outcomeUnknown` alone leaves open whether the events were written: send the same request with
/// the same ids again and the log tells (L21). Every other case says that nothing was written.
public enum EventLogError: Error, Hashable, Sendable {
  /// The engine was closed; nothing was written.
  case closed
  /// The request has a shape that is never accepted.
  case invalid(String)
  /// Something is larger than the log takes; `actual` counts as `limit` does.
  case tooLarge(field: String, eventIndex: Int?, limit: Int, actual: Int)
  /// A request without any event (L5).
  case emptyAppend
  /// A stream is not as expected.
  case conflict(stream: StreamName, expected: ExpectedRevision, actual: StreamState)
  /// The stream was tombstoned: nothing is read from it or appended to it any more.
  case streamTombstoned(StreamName)
  /// An event after the condition's position matches; this is the first.
  case conditionFailed(firstMatch: GlobalPosition)
  /// The source's mark does not grow.
  case trackingNotIncreasing(source: String, stored: UInt64, given: UInt64)
  /// An id is recorded already, at this position, and the request is no repeat (L17).
  case idConflict(EventID, GlobalPosition)
  /// A write or sync failed, or its answer was lost.
  case outcomeUnknown(String)
  /// The queue is full, or long work of administration under way; safe to send again after this time.
  case overloaded(retryAfter: Duration)
  /// Another process has the log open.
  case locked(String)
  /// Another process appends to this log, at this address if it told one; nothing was written.
  case notLeader(address: String?)
  /// Stored bytes are damaged.
  case corrupt(String, at: GlobalPosition?)
  /// A checkpoint lies beyond the end of its log epoch: the log was restored from a backup.
  case logEpochChanged(head: GlobalPosition)
  /// The store failed while reading or opening.
  case unavailable(String)
  /// The caller was cancelled before anything happened.
  case cancelled

  /// Whether reading the state again and deciding anew may succeed.
  public var isLostRace: Bool {
    switch self {
    case .conflict, .conditionFailed: true
    default: false
    }
  }
}

extension EventLogError: CustomStringConvertible {
  /// What was attempted, on what, and what was found.
  public var description: String {
    switch self {
    case .closed: "the event log is closed"
    case .invalid(let reason): "the request is not valid: \(reason)"
    case .tooLarge(let field, let index, let limit, let actual):
      "\(field)\(index.map { " of event \($0)" } ?? "") is too large: \(actual), at most \(limit)"
    case .emptyAppend: "an append needs at least one event"
    case .conflict(let stream, let expected, let actual):
      "stream '\(stream)' was expected to be \(expected), found \(actual)"
    case .streamTombstoned(let stream): "stream '\(stream)' was tombstoned"
    case .conditionFailed(let match): "the append condition failed at position \(match)"
    case .trackingNotIncreasing(let source, let stored, let given):
      "non-increasing tracking position for '\(source)': stored \(stored), given \(given)"
    case .idConflict(let id, let position): "event id \(id) is recorded already, at \(position)"
    case .outcomeUnknown(let cause):
      "whether the events were written is not known (\(cause)); send them again with the same ids"
    case .overloaded(let delay): "the event log takes no more of this now; try again in \(delay)"
    case .locked(let what): "the event log is in use by another process: \(what)"
    case .notLeader(let address):
      "this process does not lead the log\(address.map { ", which \($0) does" } ?? "")"
    case .corrupt(let what, let position):
      "the event log is damaged\(position.map { " at position \($0)" } ?? ""): \(what)"
    case .logEpochChanged(let head):
      "the log was restored: it ends at \(head), before the given checkpoint"
    case .unavailable(let what): "the event log's store failed: \(what)"
    case .cancelled: "cancelled before anything was done"
    }
  }
}
