internal import Glibc

/// Tells who waits that the time is over: one thread for all waits of the process.
///
/// A task that sleeps beside each wait costs more than most waits, and a cancelled sleep keeps its
/// timer until it is due. Here a wait that ends in time costs two entries under a lock.
/// - Units: ends are told up to `tick` late.
public final class Deadlines: Sendable {
  /// How often ends are looked for while anybody waits.
  private static let tick = Duration.milliseconds(10)
  /// Ticks without anybody before the thread sleeps until the next comes: waking it for each wait
  /// would cost as much again.
  private static let idleTicks = 100

  /// One wait, to be taken back when it ended in time.
  public struct Ticket: Sendable {
    fileprivate let number: UInt64
  }

  private struct Wait: Sendable {
    let end: ContinuousClock.Instant
    let expire: @Sendable () -> Void
  }

  private struct State: Sendable {
    var waits: [UInt64: Wait] = [:]
    var next: UInt64 = 0
    var isAsleep = false
    var hasThread = false
  }

  private let monitor = Monitor(State())

  /// The waits of this process.
  public static let shared = Deadlines()

  private init() {}

  /// Calls `expire` after `time`, on a thread of its own that it must not hold.
  public func after(_ time: Duration, _ expire: @escaping @Sendable () -> Void) -> Ticket {
    let end = ContinuousClock.now.advanced(by: time)
    let (number, isFirst, wasAsleep) = monitor.withLock { state in
      state.next += 1
      state.waits[state.next] = Wait(end: end, expire: expire)
      defer {
        state.hasThread = true
        state.isAsleep = false
      }
      return (state.next, !state.hasThread, state.isAsleep)
    }
    if isFirst { Thread.start(name: "deadlines") { self.watch() } }
    if wasAsleep { monitor.signal() }
    return Ticket(number: number)
  }

  /// Forgets a wait; one that is over already was told so.
  public func cancel(_ ticket: Ticket) {
    monitor.withLock { _ = $0.waits.removeValue(forKey: ticket.number) }
  }

  /// Waits until the thread sleeps, for tests.
  package func untilAsleep() async {
    while !monitor.withLock({ $0.isAsleep }) { try? await Task.sleep(for: Self.tick) }
  }

  private func watch() {
    var idle = 0
    while true {
      if idle == Self.idleTicks {
        monitor.withLock { $0.isAsleep = $0.waits.isEmpty }
        monitor.wait { $0.isAsleep ? nil : () }
        idle = 0
      }
      Thread.sleep(for: Self.tick)
      let now = ContinuousClock.now
      let over = monitor.withLock { state in
        idle = state.waits.isEmpty ? idle + 1 : 0
        let over = state.waits.filter { $0.value.end <= now }
        for number in over.keys { state.waits[number] = nil }
        return over
      }
      for wait in over.values { wait.expire() }
    }
  }
}
