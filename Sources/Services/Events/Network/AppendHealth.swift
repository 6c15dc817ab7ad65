package import EventLogCore
internal import Synchronization

/// Whether appends work, as of a moment ago: asked by everybody, it costs the log no more.
package final class AppendHealth: Sendable {
  private struct Known {
    var works: Bool?
    var asked: ContinuousClock.Instant?
  }

  private let probe: AppendProbe
  private let known = Mutex(Known())

  /// Makes one that asks `engine`.
  package init(engine: any EventLogEngine) { probe = AppendProbe(engine: engine) }

  /// Whether the log takes appends.
  package func works() async -> Bool {
    let recent: Bool? = known.withLock { known in
      let now = ContinuousClock.now
      if let asked = known.asked, asked.duration(to: now) < AppendProbe.pace { return known.works }
      // While this caller waits for the log, others are told what was known.
      known.asked = now
      return nil
    }
    if let recent { return recent }
    let works = await probe.failure() == nil
    known.withLock { $0.works = works }
    return works
  }
}
