internal import WeaveRuntime

/// Whether requests are sent, and how long to leave a Redis alone that failed.
///
/// Pure: the client performs what it says. After a failure Redis is away at once for everybody, so
/// that an outage costs one time limit; connecting anew is the client's own work, which nobody
/// waits for.
struct Circuit: Sendable {
  private enum Phase {
    case away
    case ready(since: ContinuousClock.Instant)
    case closed
  }

  private var phase = Phase.away
  /// Failures in a row.
  private var failures = 0

  /// The longest first wait: a Redis that was restarted is used again within a second.
  static let firstWait = Duration.milliseconds(250)
  /// The longest wait: after an outage of hours we are back within seconds.
  static let longestWait = Duration.seconds(10)
  /// A connection that lasted as long was sound: the next failure is the first in a row.
  ///
  /// One that answers a ping and nothing else would otherwise cost a time limit again and again.
  static let soundTime = Duration.seconds(10)

  /// Whether requests are sent.
  var isReady: Bool {
    guard case .ready = phase else { return false }
    return true
  }

  /// A connection was made.
  mutating func connected(at now: ContinuousClock.Instant) {
    guard case .away = phase else { return }
    phase = .ready(since: now)
  }

  /// A connection ended; false if that was known.
  mutating func lost(at now: ContinuousClock.Instant) -> Bool {
    guard case .ready(let since) = phase else { return false }
    if now - since >= Self.soundTime { failures = 0 }
    phase = .away
    return true
  }

  /// How long to wait after a failure; `random` of 0…1 chooses, but half of it is certain.
  mutating func nextWait(random: Double) -> Duration {
    let ceiling = Backoff(base: Self.firstWait, cap: Self.longestWait).ceiling(attempt: failures)
    failures += 1
    return ceiling / 2 + ceiling / 2 * random
  }

  /// No request is sent any more.
  mutating func close() { phase = .closed }
}
