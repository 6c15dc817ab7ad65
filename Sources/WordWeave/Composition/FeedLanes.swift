internal import EventLogCore
internal import MessagingCore
internal import ProjectionsCore
internal import Synchronization

/// Runs the lanes of projections at one feed, and lets operators reach them.
final class FeedLanes: LaneRunner {
  /// What operators may ask of one handler's lanes.
  struct Access: Sendable {
    let status: @Sendable () -> [LaneStatus]
    let redrive: @Sendable (StreamName) -> Void
  }

  private let host: HandlerHost
  private let running = Mutex<[HandlerID: Access]>([:])

  init(_ host: HandlerHost) { self.host = host }

  func run<H: Handler>(_ handler: H, applied: AppliedPosition) async throws {
    let runner = HandlerRunner(handler, at: host) { lane, position in
      applied.advance(lane: lane, to: position)
    }
    let access = Access(status: { runner.status() }, redrive: { runner.redrive($0) })
    running.withLock { $0[handler.id] = access }
    defer { running.withLock { $0[handler.id] = nil } }
    await runner.run()
    try Task.checkCancellation()
  }

  /// The lanes of a handler; nil while none run.
  func access(to handler: HandlerID) -> Access? { running.withLock { $0[handler] } }
}
