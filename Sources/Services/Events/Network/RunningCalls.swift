internal import GRPCCore
internal import Synchronization

/// A stream that runs, and why it was ended, if it was.
final class RunningCall: Sendable {
  /// What its caller is told; nil while it may go on.
  private let ended = Mutex<RPCError?>(nil)
  private let handle: ServerContext.RPCCancellationHandle
  /// Says why a token may not do this any more; nil if it may.
  fileprivate let verdict: @Sendable (CallRights?) -> RPCError?

  init(
    _ handle: ServerContext.RPCCancellationHandle,
    verdict: @escaping @Sendable (CallRights?) -> RPCError?
  ) {
    self.handle = handle
    self.verdict = verdict
  }

  var reason: RPCError? { ended.withLock { $0 } }

  fileprivate func check(_ rights: CallRights?) {
    guard let reason = verdict(rights) else { return }
    ended.withLock { $0 = reason }
    handle.cancel()
  }
}

/// The streams that run, by the tokens that they bear: who loses a right loses them as well.
///
/// All are looked at by one ticking task, and each token once however many bear it.
final class RunningCalls: Sendable {
  /// How long a stream goes on after its token was revoked.
  static let pace = Duration.milliseconds(500)

  private struct State {
    var next: UInt64 = 0
    var byToken: [String: [UInt64: RunningCall]] = [:]
  }

  private let authority: any CallAuthority
  private let state = Mutex(State())
  // A server without streams does not tick.
  private let wake = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  init(authority: any CallAuthority) { self.authority = authority }

  /// Runs a part of a call, whose end is what the token's rights say if they ended it.
  func following<R>(
    _ call: RunningCall,
    _ token: String,
    _ body: () async throws -> R
  ) async throws -> R {
    let id = add(call, token)
    defer { remove(id, token) }
    do {
      let result = try await body()
      // Some protocols end without an error when they are cancelled.
      if let reason = call.reason { throw reason }
      return result
    } catch {
      throw call.reason ?? error
    }
  }

  private func add(_ call: RunningCall, _ token: String) -> UInt64 {
    let (id, isFirst) = state.withLock { state in
      let isFirst = state.byToken.isEmpty
      state.next += 1
      state.byToken[token, default: [:]][state.next] = call
      return (state.next, isFirst)
    }
    if isFirst { wake.continuation.yield() }
    return id
  }

  private func remove(_ id: UInt64, _ token: String) {
    state.withLock { state in
      state.byToken[token]?[id] = nil
      if state.byToken[token]?.isEmpty == true { state.byToken[token] = nil }
    }
  }

  /// Ends the streams of tokens that lost their right, again and again, until it is cancelled.
  func run() async throws {
    for await _ in wake.stream {
      while true {
        let tokens = state.withLock { Array($0.byToken.keys) }
        guard !tokens.isEmpty else { break }
        for token in tokens {
          let rights = authority.rights(of: token)
          let calls = state.withLock { $0.byToken[token].map { Array($0.values) } ?? [] }
          for call in calls { call.check(rights) }
        }
        try await Task.sleep(for: Self.pace)
      }
    }
    try Task.checkCancellation()
  }
}
