import ServiceKit
import Testing

/// A rule of a decider, as given, when, then; a failure is told at the caller's line.
///
/// Every scenario also checks the repeat law: the command decided again after its own events
/// yields nothing, or twice the same rejection.
struct Scenario<D: Decider> where D.Event: Equatable, D.Rejection: Equatable {
  private let history: [D.Event]
  private let command: D.Command?

  static func given(_ history: D.Event...) -> Scenario { Scenario(history: history, command: nil) }

  func when(_ command: D.Command) -> Scenario { Scenario(history: history, command: command) }

  func then(_ expected: D.Event..., sourceLocation: SourceLocation = #_sourceLocation) {
    check(.success(expected), sourceLocation)
  }

  func thenNothing(sourceLocation: SourceLocation = #_sourceLocation) {
    check(.success([]), sourceLocation)
  }

  func thenRejected(
    _ rejection: D.Rejection,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    check(.failure(rejection), sourceLocation)
  }

  private func check(_ expected: Result<[D.Event], D.Rejection>, _ location: SourceLocation) {
    guard let command else {
      Issue.record("a scenario needs a command", sourceLocation: location)
      return
    }
    let before = D.fold(history)
    let decided = decide(command, before)
    #expect(decided == expected, sourceLocation: location)
    guard case .success(let events) = decided else { return }
    let after = D.fold(events, from: before)
    let again = decide(command, after)
    switch again {
    case .success(let repeated):
      #expect(repeated.isEmpty, "a repeated command changed something", sourceLocation: location)
    case .failure:
      #expect(decide(command, after) == again, sourceLocation: location)
    }
  }

  private func decide(_ command: D.Command, _ state: D.State) -> Result<[D.Event], D.Rejection> {
    do throws(D.Rejection) {
      return .success(try D.decide(command, given: state))
    } catch {
      return .failure(error)
    }
  }
}
