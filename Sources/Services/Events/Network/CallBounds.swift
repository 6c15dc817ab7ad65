internal import EventLogCore
internal import GRPCCore
internal import Schemas
internal import Synchronization

/// Gives every call an end: its deadline, and the going away of its caller.
struct CallBounds: ServerInterceptor {
  /// How long a call may take whose caller does not say.
  static let defaultLimit = Duration.seconds(5)
  /// How long any call may take that is answered at once; who waits longer asks again.
  static let longestLimit = Duration.seconds(60)

  let deadlines: CallDeadlines

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>,
    context: ServerContext,
    next:
      @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws
      -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let entry = CallTable.entry(context.descriptor)
    let isStream = entry.isStream
    let asked = Self.timeout(request.metadata)
    var scope = Self.scope(request.metadata, asked, isStream: isStream)
    let end = scope.end

    // What the caller asked for is kept by gRPC itself; it raises the same flag.
    let guarded = isStream || asked.map { $0 <= Self.longestLimit } == true ? nil : end
    let id = guarded.map { deadlines.add(at: $0) { context.cancellation.cancel() } }
    defer { if let id { deadlines.remove(id) } }
    if entry.isRecorded { scope = scope.naming(request.metadata) }
    var response = try await CallScope.$current.withValue(scope) {
      try await next(request, context)
    }
    guard isStream, case .success(var contents) = response.accepted else { return response }
    let producer = contents.producer
    contents.producer = { writer in
      try await cancelling(with: context, end: end) { try await producer(writer) }
    }
    response.accepted = .success(contents)
    return entry.isRecorded ? response.scoped(scope) : response
  }
}

extension CallBounds {
  /// How long its caller lets a call take; nil if it does not say.
  static func timeout(_ metadata: GRPCCore.Metadata) -> Duration? {
    let named = metadata[stringValues: EventCalls.timeoutKey].first { _ in true }
    return named.flatMap(CallTimeout.init)?.duration
  }

  /// What a call brings along; only a stream may be without an end.
  static func scope(
    _ metadata: GRPCCore.Metadata,
    _ asked: Duration?,
    isStream: Bool
  ) -> CallScope {
    let limit = isStream ? asked : min(asked ?? defaultLimit, longestLimit)
    return CallScope(
      traceparent: metadata[stringValues: EventCalls.traceparentKey].first { _ in true },
      end: limit.map { ContinuousClock.now + $0 }
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
    // gRPC's timer and ours do not run on the same tick.
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
    guard (2...9).contains(text.utf8.count), let unit = text.last,
      let number = Int64(text.dropLast()), number >= 0
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
