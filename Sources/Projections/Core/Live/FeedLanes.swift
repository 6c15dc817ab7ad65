public import EventLogCore
public import Logging
public import MessagingCore
internal import Synchronization

/// Runs the lanes of projections on a feed: the relay's messages, healed from the log.
public final class FeedLanes: LaneRunner {
  /// What operators may ask of one handler's lanes.
  public struct Access: Sendable {
    /// How the lanes are doing, by partition.
    public let status: @Sendable () -> [LaneStatus]
    /// Asks for a parked stream to be handled now.
    public let redrive: @Sendable (StreamName) -> Void
  }

  private let host: HandlerHost
  private let logger: Logger
  private let running = Mutex<[HandlerID: Access]>([:])

  /// Makes a runner whose lanes share the feed, the relay and the probe of `host`, which the
  /// caller runs beside it.
  public init(
    _ host: HandlerHost,
    logger: Logger = Logger(label: "wordweave.projections")
  ) {
    self.host = host
    self.logger = logger
  }

  /// The lanes of a handler; nil while none run.
  public func access(to handler: HandlerID) -> Access? { running.withLock { $0[handler] } }

  /// Runs the lanes of `handler` until cancelled.
  ///
  /// Ending as a crash would is right here: whatever an effect needs was committed with it.
  public func run<H: Handler>(_ handler: H, applied: AppliedPosition) async throws {
    let runner = HandlerRunner(handler, at: host, logger: logger) { lane, position in
      applied.advance(lane: lane, to: position)
    }
    let access = Access(status: { runner.status() }, redrive: { runner.redrive($0) })
    running.withLock { $0[handler.id] = access }
    applied.refreshed(by: { position in
      try await runner.refresh(atLeast: position)
    })
    defer {
      applied.refreshed(by: nil)
      running.withLock { $0[handler.id] = nil }
    }
    await runner.run()
    try Task.checkCancellation()
  }
}
