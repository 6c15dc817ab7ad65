internal import EventLogCore
internal import Synchronization

/// The highest head that a process was ever told of its log, and the identity it knows the log by.
///
/// Whatever told it, it was durable then: tables that are behind it are a copy that lags, or have
/// lost what they had. Both are under one lock, for a head counts in the epoch in which it was
/// seen: that of another may lie among what the log lost, or in one that was not judged here yet.
final class KnownHead: Sendable {
  private struct State {
    var identity: LogIdentity
    var head: UInt64
  }

  private let state: Mutex<State>

  init(_ identity: LogIdentity, head: UInt64) {
    state = Mutex(State(identity: identity, head: head))
  }

  var identity: LogIdentity { state.withLock { $0.identity } }

  var epoch: UInt64 { state.withLock { $0.identity.epoch } }

  var number: UInt64 { state.withLock { $0.head } }

  /// Takes in a head that was seen in an epoch; false, and nothing is taken, where what lies before
  /// it may not be in the log.
  ///
  /// What lies before the end of an epoch is in those behind it as well.
  func raise(to head: UInt64, in epoch: UInt64) -> Bool {
    state.withLock { state in
      guard let end = state.identity.end(ofEpoch: epoch), head <= end.number else { return false }
      state.head = max(state.head, head)
      return true
    }
  }

  /// What the tables hold, seen from what is known, which does not change by it.
  func judge(_ sight: LogSight) -> LogSight.Verdict {
    state.withLock { sight.verdict(for: $0.identity, read: $0.head) }
  }

  /// Judges, and knows the log as it was seen where it is the same.
  func take(_ sight: LogSight) -> LogSight.Verdict {
    state.withLock { state in
      let verdict = sight.verdict(for: state.identity, read: state.head)
      guard verdict == .same else { return verdict }
      state.identity = sight.head.identity
      state.head = max(state.head, sight.head.head)
      return verdict
    }
  }
}
