public import EventLogCore
public import Logging
internal import Synchronization
internal import WeaveRuntime

/// What the host tells to a handler's lanes; no call waits.
package protocol ProbedRunner: AnyObject, Sendable {
  /// Tails of what was published.
  func tell(_ tails: Tails)
  /// Tails of the head probe.
  func probe(_ tails: Tails)
  /// Time passed and the log did not answer.
  func tick()
}

/// What all handlers of a process share: the relay, the feed, the log's tails and their probe.
///
/// - Shape: `run()` owns relay and probe; runners come and go by themselves while they run.
/// - Errors: none; what is down is tried again until `run()` is cancelled.
public final class HandlerHost: Sendable {
  package let source: LogFeedSource
  package let feed: any FeedEngine
  package let time: MessagingTime
  package let relay: Relay
  private let runners: Runners
  private let logger: Logger

  /// Makes a host over `log` and `feed`.
  public init(
    log: any EventLogEngine,
    feed: any FeedEngine,
    time: MessagingTime = .system,
    logger: Logger = Logger(label: "wordweave.messaging")
  ) {
    let runners = Runners()
    source = LogFeedSource(log)
    self.feed = feed
    self.time = time
    self.runners = runners
    self.logger = logger
    relay = Relay(
      log: log,
      source: source,
      feed: feed,
      time: time,
      logger: logger,
      announce: { tails in for runner in runners.all { runner.tell(tails) } }
    )
  }

  /// Relays and probes until cancelled, or until the log is closed; once per host.
  public func run() async {
    await withTaskGroup { group in
      group.addTask { await self.relay.run() }
      group.addTask { await self.probeForEver() }
      await group.next()
      group.cancelAll()
    }
  }

  package func add(_ runner: any ProbedRunner) { runners.add(runner) }
  package func remove(_ runner: any ProbedRunner) { runners.remove(runner) }

  /// One round of the head probe: asks once for all lanes of the process.
  package func probe() async {
    do throws(FeedError) {
      let tails = try await source.tails(atLeast: nil)
      for runner in runners.all { runner.probe(tails) }
    } catch {
      logger.debug("probe failed", metadata: [LoggingKeys.error: "\(error)"])
      for runner in runners.all { runner.tick() }
    }
    await source.cool()
  }

  private func probeForEver() async {
    var random = SeededRandom(seed: time.seed())
    while !Task.isCancelled {
      let jitter = MessagingLimits.probeJitter
      let factor = Double.random(in: (1 - jitter)...(1 + jitter), using: &random)
      guard (try? await time.sleep(MessagingLimits.probeInterval * factor)) != nil else { return }
      await probe()
    }
  }
}

/// The runners of a host.
private final class Runners: Sendable {
  private let list = Mutex<[any ProbedRunner]>([])
  var all: [any ProbedRunner] { list.withLock { $0 } }
  func add(_ runner: any ProbedRunner) { list.withLock { $0.append(runner) } }
  func remove(_ runner: any ProbedRunner) { list.withLock { $0.removeAll { $0 === runner } } }
}
