import Testing

@testable import EventsService

@Suite struct ConnectionPulseTests {
  private let beatsOfPatience = Int(ConnectionPulse.patience / ConnectionPulse.pace)

  /// What the beats of a whole patience come to, behind the question.
  private func wait(_ pulse: inout ConnectionPulse) -> [ConnectionPulse.Action] {
    (0..<beatsOfPatience).map { _ in pulse.beat() }
  }

  @Test func whoAnswersIsAskedAgainAtEachBeat() {
    var pulse = ConnectionPulse()
    for _ in 0..<5 {
      #expect(pulse.beat() == .ping)
      pulse.acknowledged()
    }
  }

  @Test func whoNeverAnswersIsGivenUpWithinThePatience() {
    var pulse = ConnectionPulse()
    #expect(pulse.beat() == .ping)
    let actions = wait(&pulse)
    #expect(actions.dropLast().allSatisfy { $0 == .wait })
    #expect(actions.last == .giveUp)
  }

  @Test func aLateAnswerIsOneAsLongAsThePatienceLasts() {
    var pulse = ConnectionPulse()
    #expect(pulse.beat() == .ping)
    for _ in 1..<beatsOfPatience { #expect(pulse.beat() == .wait) }
    pulse.acknowledged()
    #expect(pulse.beat() == .ping)
  }

  @Test(arguments: [
    (ConnectionPulse.answerBytes, ConnectionPulse.Action.wait),
    (ConnectionPulse.answerBytes - 1, .giveUp),
  ])
  func aFewFramesThatComeInCountAsAnAnswerAndLessDoesNot(
    _ bytes: Int,
    _ end: ConnectionPulse.Action
  ) {
    var pulse = ConnectionPulse()
    // What came before the question does not count.
    pulse.moved(1 << 20)
    #expect(pulse.beat() == .ping)
    pulse.moved(bytes)
    #expect(wait(&pulse).last == end)
  }

  @Test func bytesOfOnePatienceDoNotCountForTheNext() {
    var pulse = ConnectionPulse()
    #expect(pulse.beat() == .ping)
    pulse.moved(ConnectionPulse.answerBytes)
    #expect(wait(&pulse).last == .wait)
    #expect(wait(&pulse).last == .giveUp)
  }
}
