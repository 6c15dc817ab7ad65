internal import EventLogCore

/// A look at the log, and what the process knew before it looked.
struct LogSight: Sendable {
  /// What the look found.
  let head: LogHead
  /// The highest head that the process had been told when it began to look.
  ///
  /// It was taken before the look: what is told beside it may be newer than what the look finds.
  let known: UInt64

  /// What the tables hold, seen from what a process has read.
  enum Verdict: Sendable {
    /// All that it has read, and maybe more.
    case same
    /// Less than was published, in the epoch in which it was: the database lost what it had said to
    /// be durable, and nobody has said so yet.
    case wentBack
    /// A log that ended before what the process has read, or another one.
    case other
  }

  /// Compares the log with the one that a process knows by `identity` and has read up to `read`.
  func verdict(for identity: LogIdentity, read: UInt64) -> Verdict {
    // Within an epoch the head never goes back (law L24).
    if head.identity.id == identity.id, head.identity.epoch == identity.epoch {
      return head.head < known ? .wentBack : .same
    }
    // A new epoch may have begun below what was read, and have grown beyond it since.
    let checkpoint = LogCheckpoint(
      log: identity.id,
      epoch: identity.epoch,
      position: GlobalPosition(read)
    )
    let found = GlobalPosition(head.head)
    guard (try? checkpoint.check(against: head.identity, head: found)) != nil else { return .other }
    return .same
  }
}
