public import EventLogCore
internal import Synchronization

/// An engine whose log begins epochs while it is open, as one whose server failed over does.
public final class RenewedEngine: EngineWrapper {
  /// The engine behind.
  public let base: any EventLogEngine
  private let state: Mutex<LogIdentity>

  /// Begins with the identity of the engine behind.
  public init(_ base: any EventLogEngine) {
    self.base = base
    state = Mutex(base.identity)
  }

  /// Which log it says it is.
  public var identity: LogIdentity {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }

  /// Begins an epoch after one that ended at `head`.
  public func beginEpoch(after head: GlobalPosition) {
    state.withLock { $0 = $0.next(endingAt: head) }
  }
}
