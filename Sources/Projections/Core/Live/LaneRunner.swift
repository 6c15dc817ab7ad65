public import MessagingCore

/// Runs the lanes of a projection's live generation; the composition root gives the one that fits
/// its feed.
public protocol LaneRunner: Sendable {
  /// Runs the lanes of `handler`, one per partition, from the checkpoints in its store, until the
  /// task is cancelled; then ends them gracefully. Nothing is committed after it returned.
  ///
  /// Tells `applied` what each partition has handled, after each commit and while idle.
  func run<H: Handler>(_ handler: H, applied: AppliedPosition) async throws
}

/// Runs no lanes: for a stopped system, whose projections only fill and rebuild.
public struct NoLanes: LaneRunner {
  /// Makes it.
  public init() {}
  /// Waits until cancelled.
  public func run<H: Handler>(_ handler: H, applied: AppliedPosition) async throws {
    let never = Watched(false)
    _ = try await never.wait { $0 }
  }
}
