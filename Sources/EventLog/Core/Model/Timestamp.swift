internal import WeaveRuntime

/// A moment: microseconds since 1970-01-01T00:00:00Z, without leap seconds (as POSIX counts).
public struct Timestamp: Hashable, Sendable, Comparable {
  /// Microseconds since the epoch; negative before it.
  public let microseconds: Int64
  /// Makes a moment of microseconds since the epoch.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// The system's clock.
  public static var now: Timestamp { Timestamp(microseconds: MomentText.now()) }

  /// Orders by time.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  /// The moment `duration` later, cut at the range.
  public func advanced(by duration: Duration) -> Timestamp {
    let (seconds, attoseconds) = duration.components
    return Timestamp(
      microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    )
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with six fractional digits: `2026-11-22T16:46:00.000000Z`.
  public var description: String { MomentText.text(microseconds) }

  /// Reads RFC 3339 (a zone is required, fractions are cut at six digits); nil if it is not that.
  public init?(_ text: some StringProtocol) {
    guard let microseconds = MomentText.microseconds(text) else { return nil }
    self.init(microseconds: microseconds)
  }
}
