internal import EventLogCore
internal import GRPCCore
internal import Schemas
internal import Synchronization

/// Gives every call that gRPC serves an end: what serves it is cancelled once the call is over.
///
/// When that is, `WireCall` says: gRPC is not told of deadlines. What the call brings along stands in
/// `CallScope.current` already.
struct CallBounds: ServerInterceptor {
  /// How long a call may take whose caller does not say.
  static let defaultLimit = Duration.seconds(5)
  /// How long any call may take that is answered at once; who waits longer asks again.
  static let longestLimit = Duration.seconds(60)

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>,
    context: ServerContext,
    next:
      @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws
      -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let entry = CallTable.entry(context.descriptor)
    let current = CallScope.current
    let scope = entry.isRecorded ? current.naming(request.metadata) : current
    let room = entry.isLarge ? scope.room : nil
    if let room, !room.enterAtOnce() {
      try await cancelling(with: context, end: scope.end) { try await room.enter() }
    }
    defer { room?.leave() }
    var response = try await CallScope.$current.withValue(scope) {
      try await next(request, context)
    }
    guard entry.isStream, case .success(var contents) = response.accepted else { return response }
    let producer = contents.producer
    contents.producer = { writer in
      try await cancelling(with: context, end: scope.end) { try await producer(writer) }
    }
    response.accepted = .success(contents)
    return entry.isRecorded ? response.scoped(scope) : response
  }
}

extension CallBounds {
  /// What a call brings along; only a stream may be without an end.
  ///
  /// - begun: when its head was there.
  /// - limit: how long it may take if its caller does not say.
  static func scope(
    _ head: RequestHead,
    begun: ContinuousClock.Instant,
    limit: Duration,
    isStream: Bool
  ) -> CallScope {
    let limit = isStream ? head.timeout : min(head.timeout ?? limit, longestLimit)
    return CallScope(
      traceparent: head.metadata[stringValues: EventCalls.traceparentKey].first { _ in true },
      end: limit.map { begun + $0 }
    )
  }
}

/// Runs `body`; when gRPC gives the call up, `body` is cancelled and its end is waited for.
///
/// gRPC only raises a flag when a call is over; what serves it would go on.
func cancelling<R: Sendable>(
  with context: ServerContext,
  end: ContinuousClock.Instant?,
  _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
  // Begun on the spot: one hop less, and no luck in whether it has begun when it is cancelled.
  let work = Task.immediate { try await body() }
  return try await withTaskCancellationHandler {
    do {
      return try await withRPCCancellationHandler {
        try await work.value
      } onCancelRPC: {
        // Not at once: of a call that is over already gRPC tells while it holds a lock, which what is
        // cancelled may take as well.
        Task { work.cancel() }
      }
    } catch {
      guard context.cancellation.isCancelled, CallEnd.isCancellation(error) else { throw error }
      throw CallEnd.reason(end)
    }
  } onCancel: {
    work.cancel()
  }
}

/// Why a call ended before it was answered.
enum CallEnd {
  static func isCancellation(_ error: any Error) -> Bool {
    if error is CancellationError { return true }
    return (error as? RPCError)?.code == .cancelled
  }

  static func reason(_ end: ContinuousClock.Instant?) -> RPCError {
    // What ends calls runs on a tick of its own.
    guard let end, ContinuousClock.now + CallDeadlines.tick >= end else {
      return RPCError(
        code: .unavailable,
        message: "the call ended early: its caller went away, or the server stops"
      )
    }
    return RPCError(
      code: .deadlineExceeded,
      message: "the time of the call was over before it was answered"
    )
  }
}

/// A value of the `grpc-timeout` header: up to eight digits and a unit.
struct CallTimeout {
  let duration: Duration

  init?(_ text: String) {
    guard (2...9).contains(text.utf8.count), let unit = text.last else { return nil }
    let digits = text.dropLast()
    // A number may have a sign, a timeout has none.
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int64(digits)
    else { return nil }
    switch unit {
    case "H": duration = .seconds(number * 3600)
    case "M": duration = .seconds(number * 60)
    case "S": duration = .seconds(number)
    case "m": duration = .milliseconds(number)
    case "u": duration = .microseconds(number)
    case "n": duration = .nanoseconds(number)
    default: return nil
    }
  }
}

/// Ends calls at their deadlines, all by one ticking task: a timer each would cost more than many
/// calls do.
final class CallDeadlines: Sendable {
  /// How exactly deadlines are kept.
  static let tick = Duration.milliseconds(50)

  private struct Entry {
    let end: ContinuousClock.Instant
    let cancel: @Sendable () -> Void
  }

  private struct State {
    var next: UInt64 = 0
    var entries: [UInt64: Entry] = [:]
  }

  private let state = Mutex(State())
  // A server that nobody calls does not tick.
  private let wake = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  func add(
    at end: ContinuousClock.Instant,
    _ cancel: @escaping @Sendable () -> Void
  ) -> UInt64 {
    let (id, isFirst) = state.withLock { state in
      state.next += 1
      state.entries[state.next] = Entry(end: end, cancel: cancel)
      return (state.next, state.entries.count == 1)
    }
    if isFirst { wake.continuation.yield() }
    return id
  }

  func remove(_ id: UInt64) { state.withLock { _ = $0.entries.removeValue(forKey: id) } }

  /// Ends what is due, again and again, until it is cancelled.
  func run() async throws {
    for await _ in wake.stream {
      while !state.withLock({ $0.entries.isEmpty }) {
        try await Task.sleep(for: Self.tick)
        endDue(.now)
      }
    }
    try Task.checkCancellation()
  }

  private func endDue(_ now: ContinuousClock.Instant) {
    let due = state.withLock { state in
      let due = state.entries.filter { $0.value.end <= now }
      for id in due.keys { state.entries[id] = nil }
      return due.values.map(\.cancel)
    }
    for cancel in due { cancel() }
  }
}
