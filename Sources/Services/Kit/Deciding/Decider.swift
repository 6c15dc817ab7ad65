/// What a stream's events mean, and which of them a command brings about.
///
/// Pure: no clock, no IO, no randomness. What a decision needs of these comes in with the command.
///
/// - Shape: a command decided again after its own events yields nothing, or one same rejection.
/// - Errors: a rejection is the business saying no; nothing else is thrown.
public protocol Decider: Sendable {
  /// What is asked.
  associatedtype Command: Sendable
  /// What happened.
  associatedtype Event: Sendable
  /// What the events add up to, as far as decisions and answers need it.
  associatedtype State: Sendable
  /// Why not.
  associatedtype Rejection: Error & Sendable

  /// The state of a stream without events.
  static var initial: State { get }
  /// Takes one event into the state.
  static func evolve(_ state: inout State, with event: Event)
  /// The events that a command brings about; none if everything is so already.
  static func decide(_ command: Command, given state: State) throws(Rejection) -> [Event]
}

extension Decider {
  /// The state after `events`.
  public static func fold(_ events: some Sequence<Event>, from state: State? = nil) -> State {
    var state = state ?? initial
    for event in events { evolve(&state, with: event) }
    return state
  }
}
