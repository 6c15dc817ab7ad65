internal import EventLogCore
public import Logging
public import MessagingCore

/// Runs the lanes of projections on a feed: the relay's messages, healed from the log.
public struct FeedLanes: LaneRunner {
  private let host: HandlerHost
  private let logger: Logger

  /// Makes a runner whose lanes share the feed, the relay and the probe of `host`, which the
  /// caller runs beside it.
  public init(
    _ host: HandlerHost,
    logger: Logger = Logger(label: "wordweave.projections")
  ) {
    self.host = host
    self.logger = logger
  }

  /// Runs the lanes of `handler` until cancelled.
  ///
  /// Ending as a crash would is right here: whatever an effect needs was committed with it.
  public func run<H: Handler>(_ handler: H, applied: AppliedPosition) async throws {
    let runner = HandlerRunner(handler, at: host, logger: logger) { lane, position in
      applied.advance(lane: lane, to: position)
    }
    applied.refreshed(by: { position in
      try await runner.refresh(atLeast: position)
    })
    defer { applied.refreshed(by: nil) }
    await runner.run()
    try Task.checkCancellation()
  }
}
