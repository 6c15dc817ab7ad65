package import EventLogCore
package import Logging
internal import Synchronization
internal import WeaveRuntime

/// Reads the log and publishes every event to a feed; one per log.
///
/// In process cursor and tails live in memory and begin at the head: lanes catch up from the log
/// with what came before. See the decision "The relay begins at the head".
package final class Relay: Sendable {
  private let log: any EventLogEngine
  private let source: LogFeedSource
  private let feed: any FeedEngine
  private let time: MessagingTime
  private let logger: Logger
  private let announce: @Sendable (Tails) -> Void
  private let core = Mutex<RelayCore?>(nil)
  private let mailbox = Mailbox<RelayCore.Action>()

  /// Publishes what `log` records to `feed`; `announce` hears how far everything was published.
  package init(
    log: any EventLogEngine,
    source: LogFeedSource,
    feed: any FeedEngine,
    time: MessagingTime,
    logger: Logger,
    announce: @escaping @Sendable (Tails) -> Void
  ) {
    self.log = log
    self.source = source
    self.feed = feed
    self.time = time
    self.logger = logger
    self.announce = announce
  }

  /// What was published so far.
  package var counters: RelayCore.Counters { core.withLock { $0?.counters ?? .init() } }
  /// Everything at or below is settled or was skipped.
  package var cursor: GlobalPosition { core.withLock { $0?.cursor ?? .start } }

  /// Publishes until cancelled, or until the log is closed.
  package func run() async {
    guard let tails = await begin() else { return }
    core.withLock { core in
      let fresh = RelayCore(log: source.identity.id, tails: tails)
      for action in fresh.start() { mailbox.push(action) }
      core = fresh
    }
    await withTaskGroup { group in
      group.addTask { [self] in
        for await settlement in feed.settlements { accept(.settlement(settlement)) }
      }
      group.addTask { [self] in
        while let action = await mailbox.next() {
          guard await carryOut(action) else { break }
        }
      }
      // The settlements of a feed may outlive the log.
      await group.next()
      group.cancelAll()
    }
  }

  private func begin() async -> Tails? {
    var attempt = 0
    while !Task.isCancelled {
      do throws(FeedError) {
        return try await source.tails(atLeast: nil)
      } catch {
        if error.code == .closed { return nil }
        logger.warning("relay cannot begin", metadata: [LoggingKeys.error: "\(error)"])
        try? await time.sleep(RetryPolicy.outage.delay(attempt: attempt))
        attempt += 1
      }
    }
    return nil
  }

  private func accept(_ input: RelayCore.Input) {
    core.withLock { core in
      for action in core?.on(input) ?? [] { mailbox.push(action) }
    }
  }

  /// Does one thing; false if the log is closed or the task cancelled.
  private func carryOut(_ action: RelayCore.Action) async -> Bool {
    do {
      switch action {
      case .awaitHead(let beyond): accept(.head(try await log.head(beyond: beyond)))
      case .read(let after):
        let page = try await log.readAll(
          after: after,
          matching: .all,
          direction: .forward,
          limit: MessagingLimits.relayPageEvents,
          includeRemoved: true
        )
        accept(.page(page.events, scannedTo: page.scannedTo, head: page.head))
      case .publish(let messages): try await feed.publish(messages)
      case .announce(let tails):
        source.offer(tails)
        announce(tails)
      case .pause: try await time.sleep(MessagingLimits.probeInterval)
      }
      return true
    } catch {
      switch error {
      case EventLogError.closed, EventLogError.cancelled: return false
      case is CancellationError: return false
      case let error as FeedError:
        if error.code == .closed || error.code == .cancelled { return false }
        logger.warning("publishing failed", metadata: [LoggingKeys.error: "\(error)"])
        try? await time.sleep(MessagingLimits.probeInterval)
        accept(.settlement(.lost(error.message)))
      default:
        logger.warning("relay cannot read", metadata: [LoggingKeys.error: "\(error)"])
        accept(.readFailed)
      }
      return true
    }
  }
}
