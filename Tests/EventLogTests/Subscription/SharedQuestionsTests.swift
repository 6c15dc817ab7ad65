import EventLogCore
import Synchronization
import Testing

@Suite struct SharedQuestionsTests {
  /// Answers when it is told to, and counts what it was asked.
  private final class Oracle: Sendable {
    private struct State {
      var asked = 0
      var cancelled = 0
    }

    private let state = Mutex(State())
    private let gate = AsyncStream.makeStream(of: Void.self)

    var asked: Int { state.withLock { $0.asked } }
    var cancelled: Int { state.withLock { $0.cancelled } }

    func open() { gate.continuation.yield() }

    func ask() async throws(EventLogError) -> Int {
      let number = state.withLock { state in
        state.asked += 1
        return state.asked
      }
      for await _ in gate.stream { return number }
      state.withLock { $0.cancelled += 1 }
      throw .cancelled
    }
  }

  private func eventually(_ condition: () -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while !condition() {
      try #require(ContinuousClock.now < end, "waited in vain")
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  @Test func whoComesWhileAnAnswerIsUnderWaySharesTheNext() async throws {
    let questions = SharedQuestions<String, Int>()
    let oracle = Oracle()
    let first = Task {
      try await questions.answer("a") { () throws(EventLogError) in try await oracle.ask() }
    }
    try await eventually { oracle.asked == 1 }
    let (came, come) = AsyncStream.makeStream(of: Void.self)
    let others = (0..<100).map { _ in
      Task {
        come.yield()
        return try await questions.answer("a") { () throws(EventLogError) in try await oracle.ask()
        }
      }
    }
    var arrivals = came.makeAsyncIterator()
    for _ in others { _ = await arrivals.next() }
    oracle.open()
    #expect(try await first.value == 1)
    // All that came before the second question was asked are answered by it, late ones by a third.
    let answering = Task {
      while !Task.isCancelled {
        oracle.open()
        try await Task.sleep(for: .milliseconds(1))
      }
    }
    var answers: Set<Int> = []
    for other in others { answers.insert(try await other.value) }
    answering.cancel()
    #expect(!answers.contains(1), "an answer older than the question was given")
    #expect(oracle.asked < 10, "\(oracle.asked) questions for a hundred askers")
  }

  @Test func otherQuestionsAreAskedApart() async throws {
    let questions = SharedQuestions<String, String>()
    async let one = questions.answer("a") { () throws(EventLogError) in "of a" }
    async let other = questions.answer("b") { () throws(EventLogError) in "of b" }
    #expect(try await (one, other) == ("of a", "of b"))
  }

  @Test func whoLeavesEndsAtOnceAndTheOthersAreAnswered() async throws {
    let questions = SharedQuestions<Int, Int>()
    let oracle = Oracle()
    let asking = (0..<2).map { _ in
      Task { try await questions.answer(0) { () throws(EventLogError) in try await oracle.ask() } }
    }
    try await eventually { oracle.asked == 1 }
    asking[0].cancel()
    await #expect(throws: EventLogError.cancelled) { try await asking[0].value }
    #expect(oracle.cancelled == 0)
    let answering = Task {
      while !Task.isCancelled {
        oracle.open()
        try await Task.sleep(for: .milliseconds(1))
      }
    }
    #expect(try await asking[1].value >= 1)
    answering.cancel()
  }

  @Test func whatNobodyWaitsForIsGivenUpAndAskedAnewLater() async throws {
    let questions = SharedQuestions<Int, Int>()
    let oracle = Oracle()
    let only = Task {
      try await questions.answer(0) { () throws(EventLogError) in try await oracle.ask() }
    }
    try await eventually { oracle.asked == 1 }
    only.cancel()
    await #expect(throws: EventLogError.cancelled) { try await only.value }
    try await eventually { oracle.cancelled == 1 }
    #expect(try await questions.answer(0) { () throws(EventLogError) in 7 } == 7)
  }

  @Test func aFailureIsEverybodysWhoAsked() async throws {
    let questions = SharedQuestions<Int, Int>()
    for _ in 0..<2 {
      await #expect(throws: EventLogError.closed) {
        try await questions.answer(0) { () throws(EventLogError) in throw .closed }
      }
    }
  }
}
