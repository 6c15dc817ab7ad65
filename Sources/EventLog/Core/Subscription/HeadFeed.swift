internal import Synchronization

/// The head of a log, asked for by one for all subscriptions that wait for it.
///
/// Ten thousand waiting subscriptions cost one wait of the engine and one timer, not one each. It
/// runs while somebody waits, and is level-triggered: a wait asks for "greater than".
final class HeadFeed: Sendable {
  typealias Answer = Result<GlobalPosition, EventLogError>

  private struct Waiter {
    let beyond: GlobalPosition
    let due: ContinuousClock.Instant?
    let continuation: UnsafeContinuation<Answer, Never>
  }

  private struct State {
    var head = GlobalPosition.start
    var waiters: [UInt64: Waiter] = [:]
    var cancelled: Set<UInt64> = []
    var nextID: UInt64 = 0
    var asking: Task<Void, Never>?
  }

  private let engine: any EventLogEngine
  /// How long a wake-up is trusted to come; afterwards the head is looked at anyway (law L32).
  private let pollInterval: Duration
  private let state = Mutex(State())

  init(_ engine: any EventLogEngine, pollInterval: Duration) {
    self.engine = engine
    self.pollInterval = pollInterval
  }

  /// The head once it is beyond a position, or as it is when `due` has passed: within the poll
  /// interval, since nobody has a timer of their own.
  func wait(
    beyond position: GlobalPosition,
    due: ContinuousClock.Instant?
  ) async throws(EventLogError) -> GlobalPosition {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let answer: Answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        register(Waiter(beyond: position, due: due, continuation: continuation), id)
      }
    } onCancel: {
      cancel(id)
    }
    state.withLock { _ = $0.cancelled.remove(id) }
    return try answer.get()
  }

  private func register(_ waiter: Waiter, _ id: UInt64) {
    let answer: Answer? = state.withLock { state in
      if state.cancelled.contains(id) { return .failure(.cancelled) }
      if state.head > waiter.beyond { return .success(state.head) }
      state.waiters[id] = waiter
      if state.asking == nil { state.asking = Task { await ask() } }
      return nil
    }
    if let answer { waiter.continuation.resume(returning: answer) }
  }

  private func cancel(_ id: UInt64) {
    let (waiter, asking) = state.withLock { state in
      state.cancelled.insert(id)
      let waiter = state.waiters.removeValue(forKey: id)
      guard waiter != nil, state.waiters.isEmpty else { return (waiter, Task<Void, Never>?.none) }
      defer { state.asking = nil }
      return (waiter, state.asking)
    }
    asking?.cancel()
    waiter?.continuation.resume(returning: .failure(.cancelled))
  }

  /// Asks for the head until nobody waits for it any more, or it cannot be told.
  private func ask() async {
    while let known = state.withLock({ state -> GlobalPosition? in
      // Whoever was cancelled for want of waiters has left the place to another.
      guard !Task.isCancelled else { return nil }
      guard state.waiters.isEmpty else { return state.head }
      state.asking = nil
      return nil
    }) {
      do throws(EventLogError) {
        let moved = try await deadline(pollInterval) {
          [engine] () throws(EventLogError) -> GlobalPosition in
          try await engine.head(beyond: known)
        }
        if let moved { publish(moved) } else { publish(try await engine.head()) }
      } catch {
        return fail(error)
      }
    }
  }

  private func publish(_ head: GlobalPosition) {
    let now = ContinuousClock.now
    let (woken, head) = state.withLock { state in
      state.head = max(state.head, head)
      let woken = state.waiters.filter { waiter in
        waiter.value.beyond < state.head || waiter.value.due.map { $0 <= now } == true
      }
      for id in woken.keys { state.waiters[id] = nil }
      return (woken.values, state.head)
    }
    for waiter in woken { waiter.continuation.resume(returning: .success(head)) }
  }

  private func fail(_ error: EventLogError) {
    let woken = state.withLock { state in
      // Then another one asks for those who wait now.
      guard !Task.isCancelled else { return [UInt64: Waiter]().values }
      defer { state.waiters = [:] }
      state.asking = nil
      return state.waiters.values
    }
    for waiter in woken { waiter.continuation.resume(returning: .failure(error)) }
  }
}

/// The feeds of a log: one for each interval at which subscriptions look for themselves.
///
/// Intervals are settings of programs, so there are few.
final class HeadFeeds: Sendable {
  private let engine: any EventLogEngine
  private let feeds = Mutex<[Duration: HeadFeed]>([:])

  init(_ engine: any EventLogEngine) { self.engine = engine }

  func feed(pollInterval: Duration) -> HeadFeed {
    feeds.withLock { feeds in
      if let feed = feeds[pollInterval] { return feed }
      let feed = HeadFeed(engine, pollInterval: pollInterval)
      feeds[pollInterval] = feed
      return feed
    }
  }
}
