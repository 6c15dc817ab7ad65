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

  /// Answers the first question when it is told to, the second never, and all others at once.
  private final class StuckOracle: Sendable {
    private let questions = Mutex(0)
    private let answers = Mutex<[Int]>([])
    private let gate = AsyncStream.makeStream(of: Void.self)

    var asked: Int { questions.withLock { $0 } }
    var noted: [Int] { answers.withLock { $0 } }

    func open() { gate.continuation.finish() }

    func note(_ answer: Int) { answers.withLock { $0.append(answer) } }

    func ask() async throws(EventLogError) -> Int {
      let number = questions.withLock { questions in
        questions += 1
        return questions
      }
      if number == 1 { for await _ in gate.stream { continue } }
      if number == 2 { try await hang() }
      return number
    }

    private func hang() async throws(EventLogError) {
      do {
        // Ends by cancellation; no test takes an hour.
        try await Task.sleep(for: .seconds(3600))
      } catch {
        throw .cancelled
      }
    }
  }

  /// Many that ask; each has come or is about to.
  private func crowd(
    _ ask: @escaping @Sendable () async throws -> Int
  ) async -> [Task<Int, any Error>] {
    let (came, come) = AsyncStream.makeStream(of: Void.self)
    let crowd = (0..<100).map { _ in
      Task {
        come.yield()
        return try await ask()
      }
    }
    var arrivals = came.makeAsyncIterator()
    for _ in crowd { _ = await arrivals.next() }
    return crowd
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
    let others = await crowd {
      try await questions.answer("a") { () throws(EventLogError) in try await oracle.ask() }
    }
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
    let first = Task {
      try await questions.answer(0) { () throws(EventLogError) in try await oracle.ask() }
    }
    try await eventually { oracle.asked == 1 }
    // So many that the second question has others than the one who leaves.
    let others = await crowd {
      try await questions.answer(0) { () throws(EventLogError) in try await oracle.ask() }
    }
    oracle.open()
    #expect(try await first.value == 1)
    try await eventually { oracle.asked == 2 }
    others[0].cancel()
    await #expect(throws: EventLogError.cancelled) { try await others[0].value }
    #expect(oracle.cancelled == 0)
    let answering = Task {
      while !Task.isCancelled {
        oracle.open()
        try await Task.sleep(for: .milliseconds(1))
      }
    }
    for other in others.dropFirst() { #expect(try await other.value >= 2) }
    answering.cancel()
  }

  /// As two subscriptions do that find, one after the other, that their read stands still.
  @Test func whatNeverComesIsAskedAnewThoughTheyNeverAllLeaveAtOnce() async throws {
    let questions = SharedQuestions<Int, Int>()
    let oracle = StuckOracle()
    let ask = { @Sendable () async throws -> Int in
      try await questions.answer(0) { () throws(EventLogError) in try await oracle.ask() }
    }
    let first = Task { try await ask() }
    try await eventually { oracle.asked == 1 }
    let both = (0..<2).map { _ in Task { try await ask() } }
    // Time to come, so that both share the second answer.
    try await Task.sleep(for: .milliseconds(50))
    oracle.open()
    #expect(try await first.value == 1)
    try await eventually { oracle.asked == 2 }
    for one in both {
      one.cancel()
      _ = await one.result
      Task { if let answer = try? await ask() { oracle.note(answer) } }
      // Time to be back before the other leaves.
      try await Task.sleep(for: .milliseconds(50))
    }
    try await eventually { oracle.noted.count == 2 }
    #expect(oracle.noted.allSatisfy { $0 > 2 })
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
