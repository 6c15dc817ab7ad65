import Testing
import WeaveRuntime

@Suite struct BackoffTests {
  private let backoff = Backoff(base: .milliseconds(10), cap: .seconds(1))

  @Test func theCeilingDoublesUpToTheCap() {
    #expect(
      (0..<4).map { backoff.ceiling(attempt: $0) } == [10, 20, 40, 80].map { .milliseconds($0) }
    )
    #expect(backoff.ceiling(attempt: 7) == .seconds(1))
    #expect(backoff.ceiling(attempt: .max) == .seconds(1))
  }

  @Test func delaysLieBetweenNothingAndTheCeiling() {
    for attempt in 0..<20 {
      for _ in 0..<100 {
        let delay = backoff.delay(attempt: attempt)
        #expect(delay >= .zero && delay <= backoff.ceiling(attempt: attempt))
      }
    }
  }

  @Test func waitersAreNotInStep() {
    #expect(Set((0..<50).map { _ in backoff.delay(attempt: 6) }).count > 40)
  }

  @Test func nanosecondsAreCutAtTheirRange() {
    #expect(Duration.milliseconds(3).wholeNanoseconds == 3_000_000)
    #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
    #expect(Duration.seconds(-10_000_000_000).wholeNanoseconds == .min)
    #expect(Duration.milliseconds(1500).inSeconds == 1.5)
  }
}
