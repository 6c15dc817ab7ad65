import EventLogCore
import Synchronization
import Testing

@testable import EventLogRemote

@Suite struct LeaderSearchTests {
  /// Answers in the order in which they are given, and notes where they were asked for.
  private final class Script: Sendable {
    private let rest: Mutex<[Result<Int, EventLogError>]>
    let asked = Mutex<[String]>([])

    init(_ answers: Result<Int, EventLogError>...) { rest = Mutex(answers) }

    func answer(_ place: String) throws(EventLogError) -> Int {
      asked.withLock { $0.append(place) }
      let next = rest.withLock { $0.isEmpty ? .success(-1) : $0.removeFirst() }
      return try next.get()
    }
  }

  private func run(
    _ script: Script,
    patience: Duration = .seconds(10),
    isRepeatable: Bool = true
  ) async throws(EventLogError) -> Int {
    try await LeaderSearch(patience: patience).run(
      isRepeatable: isRepeatable,
      here: { () throws(EventLogError) in try script.answer("here") },
      there: { address throws(EventLogError) in try script.answer(address) }
    )
  }

  private func error(
    of script: Script,
    patience: Duration = .seconds(10),
    isRepeatable: Bool = true
  ) async -> EventLogError? {
    do throws(EventLogError) {
      _ = try await run(script, patience: patience, isRepeatable: isRepeatable)
      return nil
    } catch {
      return error
    }
  }

  @Test func whoLeadsAnswersAtOnce() async throws {
    let script = Script(.success(1))
    #expect(try await run(script) == 1)
    #expect(script.asked.withLock { $0 } == ["here"])
  }

  @Test func anotherLeaderIsAskedAndOnItsRefusalThisEndAgain() async throws {
    let script = Script(
      .failure(.notLeader(address: "a:1")),
      .failure(.notLeader(address: "b:1")),
      .failure(.notLeader(address: "b:1")),
      .success(2)
    )
    #expect(try await run(script) == 2)
    // Who leads is always asked at this end: an address told elsewhere may lead in a circle.
    #expect(script.asked.withLock { $0 } == ["here", "a:1", "here", "b:1"])
  }

  @Test func whereThisEndJustPointedIsTriedFirst() async throws {
    let script = Script(.failure(.unavailable("gone")), .success(4))
    let answer = try await LeaderSearch(patience: .seconds(10)).run(
      isRepeatable: true,
      startingAt: "a:1",
      here: { () throws(EventLogError) in try script.answer("here") },
      there: { address throws(EventLogError) in try script.answer(address) }
    )
    #expect(answer == 4)
    #expect(script.asked.withLock { $0 } == ["a:1", "here"])
  }

  @Test func L21_aLostAnswerIsAskedForAgain() async throws {
    let script = Script(
      .failure(.notLeader(address: "a:1")),
      .failure(.outcomeUnknown("lost")),
      .failure(.notLeader(address: nil)),
      .success(3)
    )
    #expect(try await run(script) == 3)
    #expect(script.asked.withLock { $0 } == ["here", "a:1", "here", "here"])
  }

  @Test func whatCannotBeRepeatedIsNotSentTwice() async {
    let script = Script(
      .failure(.notLeader(address: "a:1")),
      .failure(.outcomeUnknown("lost"))
    )
    #expect(await error(of: script, isRepeatable: false) == .outcomeUnknown("lost"))
    #expect(script.asked.withLock { $0 } == ["here", "a:1"])
  }

  @Test func onceTheOutcomeIsUnknownNoFailureSaysNotWritten() async {
    let script = Script(
      .failure(.outcomeUnknown("lost")),
      .failure(.unavailable("gone"))
    )
    let found = await error(of: script, patience: .zero)
    #expect(found == .outcomeUnknown("lost"))
    let closing = Script(.failure(.outcomeUnknown("lost")), .failure(.closed))
    #expect(await error(of: closing) == .outcomeUnknown("lost"))
    // What the log itself decided holds for the earlier tries too.
    let refused = Script(.failure(.outcomeUnknown("lost")), .failure(.emptyAppend))
    #expect(await error(of: refused) == .emptyAppend)
  }

  @Test func whatWasUnknownBeforeTheSearchStaysUnknown() async {
    let script = Script(.failure(.notLeader(address: nil)))
    do throws(EventLogError) {
      _ = try await LeaderSearch(patience: .zero).run(
        isRepeatable: true,
        unknown: .outcomeUnknown("lost"),
        here: { () throws(EventLogError) in try script.answer("here") },
        there: { address throws(EventLogError) in try script.answer(address) }
      )
      Issue.record("nobody leads, and somebody answered")
    } catch {
      #expect(error == .outcomeUnknown("lost"))
    }
  }

  @Test func withoutALeaderTheCallerHearsThatNothingWasWritten() async {
    let nobody = Script(.failure(.notLeader(address: nil)))
    #expect(await error(of: nobody, patience: .zero) == .notLeader(address: nil))
    let unreached = Script(
      .failure(.notLeader(address: "a:1")),
      .failure(.unavailable("no route"))
    )
    #expect(await error(of: unreached, patience: .zero) == .notLeader(address: "a:1"))
    let broken = Script(.failure(.unavailable("read-only")))
    #expect(await error(of: broken, patience: .zero) == .unavailable("read-only"))
  }

  @Test func refusalsOfTheLogAreAnswers() async {
    let refusal = EventLogError.conditionFailed(firstMatch: GlobalPosition(4))
    let script = Script(.failure(.notLeader(address: "a:1")), .failure(refusal))
    #expect(await error(of: script) == refusal)
    #expect(script.asked.withLock { $0 } == ["here", "a:1"])
  }

  @Test func aCancelledSearchEnds() async throws {
    let search = Task { () -> EventLogError? in
      do throws(EventLogError) {
        _ = try await LeaderSearch(patience: .seconds(60)).run(
          isRepeatable: true,
          here: { () throws(EventLogError) -> Int in throw .notLeader(address: nil) },
          there: { _ throws(EventLogError) -> Int in 0 }
        )
        return nil
      } catch {
        return error
      }
    }
    search.cancel()
    #expect(await search.value == .cancelled)
  }

  @Test(arguments: [
    ("a:1", "a", 1), ("10.0.0.7:50051", "10.0.0.7", 50051), ("[::1]:7", "::1", 7),
  ])
  func anAddressIsAHostAndAPort(_ text: String, _ host: String, _ port: Int) throws {
    let place = try #require(RemoteSettings.place(text))
    #expect(place.host == host && place.port == port)
  }

  @Test(arguments: ["", "a", "a:", ":1", "a:0", "a:65536", "::1:7", "a:b"])
  func otherTextsAreNone(_ text: String) { #expect(RemoteSettings.place(text) == nil) }
}
