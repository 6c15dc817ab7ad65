internal import EventLogCore

/// When a projection of the whole log reads on: soon while the log is quiet, later while it is
/// busy, at once when a reader waits.
///
/// Folding takes the cores and the disk that appends want too, and nobody sees it done before
/// somebody asks.
struct FollowPace {
  /// How often a moving head is looked at: often enough that a person sees what was just done, and
  /// rarely enough that a trickle of appends costs nothing.
  static let interval = Duration.milliseconds(250)
  /// Positions of one interval from which on the log is busy: 8,000 events a second.
  static let busyPositions: UInt64 = 2000
  /// Positions that may wait while the log is busy: what a reader then waits for stays within a few
  /// seconds.
  static let patientPositions: UInt64 = 1_000_000

  /// The head at the last look.
  private var last: GlobalPosition

  init(head: GlobalPosition) { last = head }

  /// Whether to read on now.
  mutating func isDue(
    head: GlobalPosition,
    applied: GlobalPosition,
    wanted: GlobalPosition
  ) -> Bool {
    let moved = head > last ? head.number - last.number : 0
    last = max(last, head)
    guard head > applied else { return false }
    if wanted > applied || head.number - applied.number >= Self.patientPositions { return true }
    return moved < Self.busyPositions
  }
}
