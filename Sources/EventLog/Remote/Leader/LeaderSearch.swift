internal import EventLogCore
internal import WeaveRuntime

// Where a change goes until it is answered:
//
//   here  → taken or refused by the log   → the answer
//         → another leads, at an address  → there
//         → nobody leads, or unknown      → wait, then here again
//   there → taken or refused by the log   → the answer
//         → not reached, does not lead, or the answer was lost → wait, then here again
//
// "Here" knows who leads, or leads itself by now. What may have been written already is only sent
// again when its ids tell the log so (law L21); once it may have, no later failure says "not
// written".

/// Sends one change to whoever leads the log, until it is answered or the patience is over.
struct LeaderSearch: Sendable {
  /// How long it is tried.
  let patience: Duration
  /// Between tries: a take-over takes seconds, a lost connection far less.
  private static let backoff = Backoff(base: .milliseconds(20), cap: .milliseconds(250))

  /// Runs the search.
  ///
  /// - Parameters:
  ///   - isRepeatable: whether sending it twice writes it once.
  ///   - first: where it is tried first, if this end said so just now.
  ///   - unknown: what an earlier try ended with that may have been written; nil if none did.
  ///   - here: tries it at this end.
  ///   - there: tries it where `.notLeader` said.
  /// - Returns: the answer of whoever leads.
  /// - Throws: its refusal; `.outcomeUnknown` if some try may have been written and no later one was
  ///   answered; else what kept it from being taken up.
  func run<R: Sendable>(
    isRepeatable: Bool,
    startingAt first: String? = nil,
    unknown: EventLogError? = nil,
    here: @Sendable () async throws(EventLogError) -> R,
    there: @Sendable (String) async throws(EventLogError) -> R
  ) async throws(EventLogError) -> R {
    let end = ContinuousClock.now + patience
    var trail = Trail()
    trail.unknown = unknown
    var leader = first
    var attempt = 0
    while true {
      let error: EventLogError
      do throws(EventLogError) {
        if let address = leader { return try await there(address) }
        return try await here()
      } catch let found {
        error = found
      }
      let wasHere = leader == nil
      leader = nil
      switch error {
      case .notLeader(let address):
        trail.note(error)
        // Straight on: nothing is to be waited for.
        if wasHere, let address, !Task.isCancelled {
          leader = address
          continue
        }
      case .unavailable: trail.note(error)
      case .outcomeUnknown:
        trail.unknown = error
        guard isRepeatable else { throw error }
      default: throw error.after(trail.unknown)
      }
      guard !Task.isCancelled else { throw trail.unknown ?? .cancelled }
      guard ContinuousClock.now < end else { throw trail.end }
      // Cancelled meanwhile: the next try ends at once.
      try? await Task.sleep(for: Self.backoff.delay(attempt: attempt))
      attempt += 1
    }
  }

  /// What the tries came to.
  private struct Trail {
    /// Some try may have been written.
    var unknown: EventLogError?
    private var refusal: EventLogError = .notLeader(address: nil)

    mutating func note(_ error: EventLogError) {
      // Who leads is worth more to a caller than why it was not reached from here.
      if case .notLeader(_?) = refusal, case .unavailable = error { return }
      refusal = error
    }

    var end: EventLogError { unknown ?? refusal }
  }
}

extension EventLogError {
  /// What a request comes to that ended with this, when an earlier try of it may have been written.
  ///
  /// - unknown: what that try ended with; nil if there was none.
  func after(_ unknown: EventLogError?) -> EventLogError {
    guard let unknown, !isDefinite else { return self }
    return unknown
  }

  /// Whether the log decided, so that an earlier try of the same request was not written either.
  private var isDefinite: Bool {
    switch self {
    case .closed, .cancelled, .overloaded, .locked, .notLeader, .unavailable, .outcomeUnknown: false
    default: true
    }
  }
}
