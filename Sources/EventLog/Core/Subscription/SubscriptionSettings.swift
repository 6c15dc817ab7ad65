/// How a subscription behaves; the defaults are those of the specification.
public struct SubscriptionSettings: Sendable {
  /// What a subscription that stopped moving reports before it begins again (law L35).
  public struct Stall: Hashable, Sendable {
    /// The last position delivered.
    public let position: GlobalPosition
    /// The head that was known.
    public let head: GlobalPosition
    /// How long nothing moved.
    public let duration: Duration
  }

  /// Events of one page, 1…4,096.
  public var pageLimit = EventLogLimits.pageEvents
  /// How long a wake-up is trusted to come; afterwards the head is looked at anyway (L32).
  public var pollInterval: Duration = .seconds(1)
  /// How long a read may take before it is reported and begun anew (L35).
  public var stallLimit: Duration = .seconds(30)
  /// How long positions that match nothing stay untold (L33).
  public var checkpointInterval: Duration = .seconds(5)
  /// How many positions that match nothing stay untold (L33).
  public var checkpointPositions: UInt64 = 4096
  /// Pages that may wait while live; more and the subscription falls behind (L34).
  public var behindPages = 4
  /// Bytes that may wait while live; more and the subscription falls behind (L34).
  public var behindBytes = 4 << 20
  /// Called on every stall, for a metric; the log line is written in any case.
  public var onStall: (@Sendable (Stall) -> Void)?

  /// Makes the default settings.
  public init() {}
}
