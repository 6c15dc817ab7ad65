// Whether the other end of a connection still answers, without IO.
//
//   beat: ping ──acknowledged──► beat: ping …
//           └──not acknowledged for `patience`, and next to nothing came in──► give up
//
// What came in counts as well, since an acknowledgement waits behind what was sent before it; and so
// does what the other end took of what waited for it, and what it made room for. But only from a few
// frames on: who sends a byte now and then holds a connection and serves nobody.

/// Tells when to ask whether somebody is there, and when to stop waiting; a connection performs it.
struct ConnectionPulse {
  /// Between two questions; a deaf end is found within this time and the patience.
  static let pace = Duration.seconds(5)
  /// How long an answer may take.
  static let patience = Duration.seconds(10)
  /// Bytes within the patience that count as an answer: five frames that open a window, which is all
  /// that somebody sends who reads.
  static let answerBytes = 64

  enum Action: Equatable {
    /// Nothing is to be done at this beat.
    case wait
    /// Ask whether somebody is there.
    case ping
    /// Close the connection without a word: nobody would hear it.
    case giveUp
  }

  private enum Phase {
    case answered
    case asked(age: Duration, bytes: Int)
  }

  private var phase = Phase.answered

  /// Takes that bytes came in, that some which waited for the other end went out, or that it takes
  /// so many more.
  mutating func moved(_ count: Int) {
    guard case .asked(let age, let bytes) = phase else { return }
    phase = .asked(age: age, bytes: bytes + count)
  }

  /// Takes that the question was answered.
  mutating func acknowledged() { phase = .answered }

  /// What to do once `pace` has passed since the last beat.
  mutating func beat() -> Action {
    switch phase {
    case .answered:
      phase = .asked(age: .zero, bytes: 0)
      return .ping
    case .asked(let age, let bytes):
      let age = age + Self.pace
      guard age >= Self.patience else {
        phase = .asked(age: age, bytes: bytes)
        return .wait
      }
      guard bytes >= Self.answerBytes else { return .giveUp }
      phase = .asked(age: .zero, bytes: 0)
      return .wait
    }
  }
}
