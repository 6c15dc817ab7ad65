internal import WeaveRuntime

/// What a gateway is told by the composition root.
public struct GatewayConfiguration: Sendable {
  /// The address to listen at.
  public var host = "127.0.0.1"
  /// The port to listen at; 0 lets the system choose.
  public var port = 8080
  /// `https://host` as clients see it, without a slash at the end; nil stands for the address
  /// listened at.
  public var publicOrigin: String?
  /// Origins besides the public one that may call with credentials and that tokens may be made
  /// for.
  public var allowedOrigins: Set<String> = []
  /// Whether tokens that name no origin (`azp`) are accepted.
  public var allowsMissingParty = false
  /// What tokens' `aud` must name; nil not to look at it.
  public var audience: String?
  /// The bearer token of the operator; nil for none.
  public var operatorToken: String?
  /// Seals cursors; 32 bytes or more, the same in every process of an installation.
  public var cursorKey: [UInt8]
  /// How long requests are served on after readiness has ended, so that balancers notice.
  public var drainDelay = Duration.zero
  /// How long requests in flight may go on after that.
  public var drainDeadline = Duration.seconds(5)
  /// How many requests may be at work at once.
  public var inFlightLimit = 1024
  /// Whether the log takes appends, which readiness tells; nil if that is nobody's question.
  package var takesAppends: (@Sendable () async -> Bool)?
  /// Microseconds since 1970.
  public var clock: @Sendable () -> Int64

  /// Makes a configuration for one machine, where a shutdown need not wait for a balancer.
  public init(cursorKey: [UInt8]) {
    self.cursorKey = cursorKey
    clock = { MomentText.now() }
  }

  /// The times of a shutdown behind a balancer: 5 s of notice, 25 s for requests in flight.
  public mutating func useProductionDrain() {
    drainDelay = .seconds(5)
    drainDeadline = .seconds(25)
  }
}
