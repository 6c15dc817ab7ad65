internal import GRPCCore
internal import Schemas
internal import Synchronization

/// What the fake services share: a head that grows with each write.
final class FakeWorld: Sendable {
  struct State {
    var head: UInt64 = 0
    var posts: [String: Wordweave_Posts_V1_Post] = [:]
    var order: [String] = []
    var users: [String: Wordweave_Users_V1_User] = [:]
    var commands: [[UInt8]: (post: String, fingerprint: String)] = [:]
    /// What the audit was asked last.
    var audited = Wordweave_Events_V1_AuditSearchRequest()
    /// What calls came with, the last of each method.
    var metadata: [String: Metadata] = [:]
    /// Reads that must reflect more than this are refused as lagging.
    var applied: UInt64 = .max
    /// Calls of `get` wait until it is open.
    var gate: [CheckedContinuation<Void, Never>]?
  }
  let state = Mutex(State())

  func note(_ method: String, _ metadata: Metadata) {
    state.withLock { $0.metadata[method] = metadata }
  }

  func metadata(_ method: String, _ key: String) -> String? {
    state.withLock { state in
      guard let metadata = state.metadata[method] else { return nil }
      for value in metadata[stringValues: key] { return value }
      return nil
    }
  }

  func write<R>(_ body: (inout State) throws -> R) rethrows -> (R, Metadata) {
    try state.withLock { state in
      state.head += 1
      let result = try body(&state)
      return (result, ["ww-position": "\(state.head)"])
    }
  }

  func read<R>(_ request: Metadata, _ body: (State) throws -> R) throws -> (R, Metadata) {
    try state.withLock { state in
      var floor: UInt64 = 0
      for value in request[stringValues: "ww-min-position"] { floor = UInt64(value) ?? 0 }
      if floor > state.head {
        throw RPCError(
          code: .outOfRange,
          message: "",
          metadata: ["ww-reason": "position-beyond-head"]
        )
      }
      if floor > state.applied {
        throw RPCError(
          code: .unavailable,
          message: "secret-host-name",
          metadata: ["ww-reason": "projection-lagging", "ww-lag": "\(floor - state.applied)"]
        )
      }
      return (try body(state), ["ww-position": "\(min(state.head, state.applied))"])
    }
  }
}
