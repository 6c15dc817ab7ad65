// Callers who wait for each answer before they ask again fall into two halves: one is in the commit,
// the other waits for it, and each commit carries half of what it could. Where commits are slow that
// halves the rate, and a short wait behind a commit, for those who were just answered, joins them. Where
// commits are quick, or callers do not come again, it would only cost: so commits that are quick have
// none, and waits for which few came are left out for a while.

/// Decides whether a commit is followed by a short wait for the callers it answered.
struct CallerGathering: Sendable {
  /// How much of the commit's time is waited at most.
  static let part = 2
  /// The longest wait, whatever the disk does.
  static let longest = Duration.milliseconds(5)
  /// Commits that pass without a wait when waits have not paid, at most.
  static let longestPause = 64

  /// From so long on a commit's time is the disk's for the most part (see `LogStorage.slowCommit`).
  let slowCommit: Duration
  /// Commits left out after the last wait that did not pay; 0 if it paid.
  private var lastPause = 0
  /// How many of them are left.
  private var pause = 0

  init(slowCommit: Duration) { self.slowCommit = slowCommit }

  /// How long to wait behind a commit that took `time` and answered so many; nil for not at all.
  mutating func patience(behind time: Duration, answered: Int) -> Duration? {
    // One caller alone is met by its next request.
    guard time >= slowCommit, answered > 1 else { return nil }
    guard pause == 0 else {
      pause -= 1
      return nil
    }
    return min(time / Self.part, Self.longest)
  }

  /// Takes how many of the answered came again.
  mutating func ended(came: Int, of answered: Int) {
    if 2 * came >= answered {
      lastPause = 0
    } else {
      lastPause = min(max(2 * lastPause, 2), Self.longestPause)
      pause = lastPause
    }
  }
}
