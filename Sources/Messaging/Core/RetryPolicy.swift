internal import EventLogCore
internal import WeaveRuntime

/// How often an event is tried, by the kind of its failure, before a person must look.
enum RetryPolicy {
  /// Further tries in memory before the stream is parked.
  static func triesInMemory(_ kind: ErrorKind) -> Int {
    switch kind {
    case .undecodable, .permanent, .killer: 0
    case .transient: 3
    case .unknown: 2
    case .outage: 0
    }
  }

  /// Timed redrives before a parked stream is dead.
  static func timedRedrives(_ kind: ErrorKind) -> Int {
    switch kind {
    case .undecodable, .permanent, .killer: 0
    case .transient: 10
    case .unknown: 3
    case .outage: 0
    }
  }

  static let inMemory = Backoff(
    base: MessagingLimits.retryBase,
    cap: MessagingLimits.retryCap
  )
  static let redrive = Backoff(
    base: MessagingLimits.redriveBase,
    cap: MessagingLimits.redriveCap
  )
  static let outage = Backoff(
    base: MessagingLimits.outageBase,
    cap: MessagingLimits.outageCap
  )
}

/// Random numbers of a seed, so that a core's choices can be repeated (SplitMix64).
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64
  package init(seed: UInt64) { state = seed }
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
