internal import EventLogCore
internal import GRPCCore
internal import Logging
internal import Schemas
internal import Synchronization
internal import WeaveRuntime

/// The head at the other end, and those who wait for it to grow: all share one stream.
///
/// The stream begins with the head as it is, so that nothing is missed while it was broken.
final class HeadWatch: Sendable {
  typealias Answer = Result<GlobalPosition, EventLogError>

  private static let backoff = Backoff(base: .milliseconds(20), cap: .seconds(1))

  private struct Waiter {
    let beyond: GlobalPosition
    let continuation: UnsafeContinuation<Answer, Never>
  }

  private struct State {
    var head = GlobalPosition.start
    // Once set, every wait ends with it.
    var end: EventLogError?
    var waiters: [UInt64: Waiter] = [:]
    var cancelled: Set<UInt64> = []
    var nextID: UInt64 = 0
    var watching: Task<Void, Never>?
  }

  private let line: Line
  private let state = Mutex(State())

  init(_ line: Line) { self.line = line }

  /// Raises the head and wakes who waited for it.
  func publish(_ head: GlobalPosition) {
    let woken = state.withLock { state -> [Waiter] in
      guard head > state.head else { return [] }
      state.head = head
      let woken = state.waiters.filter { $0.value.beyond < head }
      for id in woken.keys { state.waiters[id] = nil }
      return Array(woken.values)
    }
    for waiter in woken { waiter.continuation.resume(returning: .success(head)) }
  }

  /// Ends every wait, now and later, with `.closed`.
  func close() { end(.closed) }

  private func end(_ error: EventLogError) {
    let (woken, watching) = state.withLock { state in
      state.end = state.end ?? error
      defer {
        state.waiters = [:]
        state.watching = nil
      }
      return (Array(state.waiters.values), state.watching)
    }
    watching?.cancel()
    for waiter in woken { waiter.continuation.resume(returning: .failure(error)) }
  }

  /// Fails those who wait now, since the other end refused.
  ///
  /// Only another log at the other end ends later waits too: every other refusal may be over soon,
  /// such as one of a service that could not read its tokens.
  private func refuse(_ error: EventLogError) {
    if case .logEpochChanged = error { return end(error) }
    let woken = state.withLock { state -> [Waiter] in
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in woken { waiter.continuation.resume(returning: .failure(error)) }
  }

  /// Suspends until the head is greater than `position`.
  func wait(beyond position: GlobalPosition) async throws(EventLogError) -> GlobalPosition {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let answer: Answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        register(Waiter(beyond: position, continuation: continuation), id)
      }
    } onCancel: {
      cancel(id)
    }
    state.withLock { _ = $0.cancelled.remove(id) }
    return try answer.get()
  }

  private func register(_ waiter: Waiter, _ id: UInt64) {
    let answer: Answer? = state.withLock { state in
      if let end = state.end { return .failure(end) }
      if state.cancelled.contains(id) { return .failure(.cancelled) }
      if state.head > waiter.beyond { return .success(state.head) }
      state.waiters[id] = waiter
      if state.watching == nil { state.watching = Self.watching(self) }
      return nil
    }
    if let answer { waiter.continuation.resume(returning: answer) }
  }

  private func cancel(_ id: UInt64) {
    let waiter = state.withLock { state in
      state.cancelled.insert(id)
      return state.waiters.removeValue(forKey: id)
    }
    waiter?.continuation.resume(returning: .failure(.cancelled))
  }

  /// Keeps nothing but the line alive, so that a client that nobody closed goes away.
  private static func watching(_ watch: HeadWatch) -> Task<Void, Never> {
    let current: @Sendable () -> HeadWatch? = { [weak watch] in watch }
    return Task { await Self.watch(current) }
  }

  /// Follows the head at the other end until the watch ends or is gone.
  private static func watch(_ current: @Sendable @escaping () -> HeadWatch?) async {
    var attempt = 0
    var told: EventLogError?
    while !Task.isCancelled, let line = current()?.line {
      let log = Wordweave_Events_V1_EventLog.Client(wrapping: line.client)
      let reached = Mutex(false)
      var refusal: EventLogError?
      do {
        try await log.watchHead(.init(), metadata: line.callMetadata, options: line.options) {
          answer in
          for try await message in answer.messages {
            reached.withLock { $0 = true }
            current()?.publish(GlobalPosition(message.head))
          }
        }
      } catch {
        guard !Task.isCancelled else { return }
        refusal = Self.refusal(error)
        line.logger.debug("The watch of the head broke off", metadata: ["cause": "\(error)"])
      }
      if reached.withLock({ $0 }) { (attempt, told) = (0, nil) }
      if let refusal {
        // The same refusal comes with every try: one line tells it.
        if refusal != told {
          line.logger.error("The head cannot be watched", metadata: ["error": "\(refusal)"])
        }
        told = refusal
        current()?.refuse(refusal)
      }
      try? await Task.sleep(for: backoff.delay(attempt: attempt))
      attempt += 1
    }
  }

  /// What the other end decided; nil if the stream just broke.
  private static func refusal(_ error: any Error) -> EventLogError? {
    guard let error = error as? RPCError, CallVerdict(error) == .answered else { return nil }
    return EventLogError(error) ?? .unavailable("\(error.code): \(error.message)")
  }
}
