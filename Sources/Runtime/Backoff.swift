/// Waiting times between tries: exponential with full jitter, capped.
///
/// Source: "full jitter" keeps many waiters from trying in step; the wait before try `n` is
/// random in 0 … min(cap, base · 2ⁿ).
public struct Backoff: Sendable {
  /// The ceiling of the first wait.
  public let base: Duration
  /// The ceiling of every wait.
  public let cap: Duration

  /// Makes a schedule that starts at `base` and never waits longer than `cap`.
  public init(base: Duration, cap: Duration) {
    self.base = base
    self.cap = cap
  }

  /// The longest wait before try `attempt`, counted from 0.
  public func ceiling(attempt: Int) -> Duration {
    var ceiling = base
    for _ in 0..<min(attempt, 62) where ceiling < cap { ceiling *= 2 }
    return min(ceiling, cap)
  }

  /// A random wait before try `attempt`, counted from 0.
  public func delay(
    attempt: Int,
    using random: inout some RandomNumberGenerator
  ) -> Duration {
    .nanoseconds(Int64.random(in: 0...ceiling(attempt: attempt).wholeNanoseconds, using: &random))
  }

  /// A random wait before try `attempt`, counted from 0.
  public func delay(attempt: Int) -> Duration {
    var random = SystemRandomNumberGenerator()
    return delay(attempt: attempt, using: &random)
  }
}

extension Duration {
  /// The duration in nanoseconds, cut at the range of `Int64` (292 years).
  public var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? (seconds < 0 ? .min : .max) : product + attoseconds / 1_000_000_000
  }

  /// The duration in seconds, for metrics and messages.
  public var inSeconds: Double { Double(wholeNanoseconds) / 1_000_000_000 }
}
