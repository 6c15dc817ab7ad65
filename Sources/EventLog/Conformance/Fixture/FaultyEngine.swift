public import EventLogCore
internal import Synchronization

/// An engine with faults chosen by a law, in front of a sound one.
public final class FaultyEngine: EngineWrapper {
  /// The sound engine.
  public let base: any EventLogEngine
  private let faults: Mutex<Faults>

  /// What goes wrong.
  public struct Faults: Sendable {
    /// `head(beyond:)` never wakes anybody.
    public var losesWakeUps = false
    /// So many reads of the whole log hang until they are cancelled.
    public var hangingReads = 0
    /// So many reads of the whole log fail.
    public var failingReads = 0
    /// So many appends are done, but their answer is lost.
    public var lostAnswers = 0

    /// No fault.
    public init() {}
  }

  /// Puts faults in front of `base`.
  public init(_ base: any EventLogEngine, _ faults: Faults) {
    self.base = base
    self.faults = Mutex(faults)
  }

  /// Appends, and may lose the answer.
  public func append(_ request: AppendRequest) async throws(EventLogError) -> AppendReceipt {
    let receipt = try await base.append(request)
    guard !take(\.lostAnswers) else { throw .outcomeUnknown("the answer was lost") }
    return receipt
  }

  /// Reads the log, and may hang or fail.
  public func readAll(
    after: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    if take(\.hangingReads) { try await hang() }
    if take(\.failingReads) { throw .unavailable("a fault was asked for") }
    return try await base.readAll(
      after: after,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
  }

  /// The head; may never wake.
  public func head(
    beyond position: GlobalPosition?
  ) async throws(EventLogError) -> GlobalPosition {
    guard position != nil, faults.withLock({ $0.losesWakeUps }) else {
      return try await base.head(beyond: position)
    }
    try await hang()
    return try await base.head(beyond: nil)
  }

  private func take(_ fault: WritableKeyPath<Faults, Int>) -> Bool {
    faults.withLock { faults in
      guard faults[keyPath: fault] > 0 else { return false }
      faults[keyPath: fault] -= 1
      return true
    }
  }

  private func hang() async throws(EventLogError) {
    do {
      // Ends by cancellation; no law takes an hour.
      try await Task.sleep(for: .seconds(3600))
    } catch {
      throw .cancelled
    }
  }
}
