/// The last position that a named consumer has handled, with the log and the epoch it belongs to.
public struct LogCheckpoint: Hashable, Sendable {
  /// The log's id.
  public let log: EventID
  /// The log's epoch when the position was handled.
  public let epoch: UInt64
  /// The last position handled.
  public let position: GlobalPosition

  /// Makes a checkpoint.
  public init(log: EventID, epoch: UInt64, position: GlobalPosition) {
    self.log = log
    self.epoch = epoch
    self.position = position
  }

  /// Checks that what the checkpoint's consumer has handled is what this log holds (law L36).
  ///
  /// - Throws: `.logEpochChanged` if the checkpoint lies beyond the end of its epoch, or that end
  ///   is not known; `.invalid` if it belongs to another log.
  package func check(against identity: LogIdentity, head: GlobalPosition) throws(EventLogError) {
    guard log == identity.id else {
      throw .invalid("the checkpoint belongs to log \(log), this is log \(identity.id)")
    }
    guard let end = identity.end(ofEpoch: epoch), position <= end else {
      throw .logEpochChanged(head: head)
    }
  }
}

/// Where a subscription begins.
public enum SubscriptionStart: Hashable, Sendable {
  /// With the first event of the log.
  case beginning
  /// After a position; one beyond the head waits for the log to get there.
  case after(GlobalPosition)
  /// After a checkpoint, which must belong to this log and to an epoch that reached it.
  case checkpoint(LogCheckpoint)
  /// With what is appended after the first message was asked for.
  case end
}
