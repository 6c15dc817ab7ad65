public import EventLogCore

/// Where feeds and lanes take time and chance from, so that tests own both.
public struct MessagingTime: Sendable {
  /// The moment now.
  public let now: @Sendable () -> Timestamp
  /// Waits; throws `CancellationError` at once when cancelled.
  public let sleep: @Sendable (Duration) async throws -> Void
  /// A new seed for choices that shall differ between lanes.
  public let seed: @Sendable () -> UInt64

  /// Takes the parts.
  public init(
    now: @escaping @Sendable () -> Timestamp,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    seed: @escaping @Sendable () -> UInt64
  ) {
    self.now = now
    self.sleep = sleep
    self.seed = seed
  }

  /// The system's clocks and random numbers.
  public static let system = MessagingTime(
    now: { .now },
    sleep: { try await Task.sleep(for: $0) },
    seed: { .random(in: .min ... .max) }
  )
}
