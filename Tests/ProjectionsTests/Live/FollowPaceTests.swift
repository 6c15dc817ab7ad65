import EventLogCore
import Testing

@testable import ProjectionsCore

@Suite struct FollowPaceTests {
  private func position(_ number: UInt64) -> GlobalPosition { GlobalPosition(number) }

  private func look(
    _ pace: inout FollowPace,
    head: GlobalPosition,
    applied: GlobalPosition,
    wanted: GlobalPosition,
    is expected: Bool,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let isDue = pace.isDue(head: head, applied: applied, wanted: wanted)
    #expect(isDue == expected, sourceLocation: sourceLocation)
  }

  @Test func aQuietLogIsReadOnAtTheNextLook() {
    var pace = FollowPace(head: position(10))
    look(&pace, head: position(12), applied: position(9), wanted: .start, is: true)
  }

  @Test func nothingNewIsNotDue() {
    var pace = FollowPace(head: position(10))
    look(&pace, head: position(10), applied: position(10), wanted: position(10), is: false)
  }

  @Test func aBusyLogWaitsUntilItIsQuietAgain() {
    var pace = FollowPace(head: position(10))
    let busy = 10 + FollowPace.busyPositions
    look(&pace, head: position(busy), applied: position(9), wanted: .start, is: false)
    look(&pace, head: position(busy + 1), applied: position(9), wanted: .start, is: true)
  }

  @Test func aReaderIsServedAtOnceHoweverBusyTheLogIs() {
    var pace = FollowPace(head: position(10))
    let busy = position(10 + FollowPace.busyPositions * 2)
    look(&pace, head: busy, applied: position(9), wanted: position(11), is: true)
  }

  @Test func aLogThatIsAlwaysBusyIsReadOnInTheEnd() {
    var pace = FollowPace(head: .start)
    let step = FollowPace.busyPositions
    var head: UInt64 = 0
    while head + step < FollowPace.patientPositions {
      head += step
      look(&pace, head: position(head), applied: .start, wanted: .start, is: false)
    }
    head += step
    look(&pace, head: position(head), applied: .start, wanted: .start, is: true)
  }
}
