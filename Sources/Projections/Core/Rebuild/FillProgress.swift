public import EventLogCore
internal import WeaveRuntime

/// How far a filling is.
public struct FillProgress: Hashable, Sendable {
  /// Where this run began: everything at or below was filled before.
  public let start: GlobalPosition
  /// Everything at or below is applied; the end of it is committed a few pages later, and with the
  /// last page.
  public internal(set) var position: GlobalPosition
  /// The head that is filled towards; grows while events are appended.
  public internal(set) var target: GlobalPosition
  /// Events that were applied or parked in this run; the others did not concern the projection.
  public internal(set) var events: UInt64
  /// How long this run took so far.
  public internal(set) var elapsed: Duration

  /// Positions still to look at.
  public var left: UInt64 { target > position ? target.number - position.number : 0 }
  /// How much of this run's way is done, 0…1.
  public var fraction: Double {
    guard target > start else { return 1 }
    return min(1, Double(position.number - start.number) / Double(target.number - start.number))
  }
  /// Positions per second since the run began.
  public var rate: Double {
    let seconds = elapsed.inSeconds
    return seconds > 0 ? Double(position.number - start.number) / seconds : 0
  }
  /// The time the rest takes at that rate; nil before there is one.
  public var timeLeft: Duration? {
    let rate = rate
    return rate > 0 ? .seconds(Double(left) / rate) : nil
  }
}
