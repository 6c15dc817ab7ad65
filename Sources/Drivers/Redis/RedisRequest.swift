internal import Synchronization

/// Commands of one caller, and what becomes of them.
final class RedisRequest: Sendable {
  let commands: [RedisCommand]
  /// When its caller has waited long enough.
  let deadline: ContinuousClock.Instant
  private let kept = Mutex<Result<[RedisReply], RedisError>?>(nil)

  init(_ commands: [RedisCommand], until deadline: ContinuousClock.Instant) {
    self.commands = commands
    self.deadline = deadline
  }

  /// Nil until it is known.
  var outcome: Result<[RedisReply], RedisError>? { kept.withLock { $0 } }

  func end(_ outcome: Result<[RedisReply], RedisError>) { kept.withLock { $0 = outcome } }
}

/// Requests that wait for the connection's thread, in order, and those it has at work.
struct RequestQueue: Sendable {
  private var waiting: [RedisRequest] = []
  private var underWay = 0

  /// Takes a request in; false if the queue is full.
  mutating func add(_ request: RedisRequest) -> Bool {
    guard waiting.count + underWay < RedisLimits.queuedRequests else { return false }
    waiting.append(request)
    return true
  }

  /// The next ones to be sent together; those that were under way have ended.
  mutating func next(_ limit: Int = RedisLimits.turnRequests) -> [RedisRequest] {
    let taken = Array(waiting.prefix(limit))
    waiting.removeFirst(taken.count)
    underWay = taken.count
    return taken
  }
}
