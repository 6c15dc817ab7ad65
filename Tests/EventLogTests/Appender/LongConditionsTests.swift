import Testing
import WeaveRuntime

@testable import EventLogCore

/// Conditions that take long to search for, in a log of a thousand events of which memory holds none.
@Suite struct LongConditionsTests {
  private static func log() -> (StandInStorage, PipelinedEventLog) {
    let storage = StandInStorage()
    storage.state.withLock { $0.endsSearches = false }
    return (storage, storage.engine(head: GlobalPosition(1000)))
  }

  private typealias Append = Task<AppendReceipt, any Error>

  private static func conditioned(_ log: PipelinedEventLog) -> Append {
    let condition = AppendCondition(failIfMatches: .tags("popular"))
    return Task {
      try await log.append(AppendRequest(to: nil, [NewEvent(type: "T")], condition: condition))
    }
  }

  @Test(.timeLimit(.minutes(1))) func nobodyElseWaitsForThem() async throws {
    let (storage, log) = Self.log()
    let appends = (0..<8).map { _ in Self.conditioned(log) }
    // Some turns each.
    try await until("they are searched for") { storage.state.withLock { $0.turns > 40 } }
    // To streams of which memory knows nothing, so that admission asks the store for them.
    for number in 1...10 {
      let request = AppendRequest(to: StreamName("s\(number)"), [NewEvent(type: "T")])
      let receipt = try await log.append(request)
      #expect(receipt.lastPosition == GlobalPosition(UInt64(1000 + number)))
    }
    #expect(log.waiting.requests == 8)
    storage.state.withLock { $0.endsSearches = true }
    var positions: Set<GlobalPosition> = []
    for append in appends { positions.insert(try await append.value.lastPosition) }
    #expect(positions == Set((1011...1018).map { GlobalPosition($0) }))
    #expect(log.waiting.requests == 0 && log.waiting.bytes == 0)
    await log.close()
  }

  @Test(.timeLimit(.minutes(1))) func whoLeavesEndsTheirs() async throws {
    let (storage, log) = Self.log()
    let append = Self.conditioned(log)
    try await until("it is searched for") { storage.state.withLock { $0.turns > 4 } }
    append.cancel()
    await #expect(throws: EventLogError.cancelled) { try await append.value }
    try await until("it is gone") { log.waiting.requests == 0 && log.waiting.bytes == 0 }
    await log.close()
    #expect(storage.state.withLock { $0.written } == 0)
  }

  @Test(.timeLimit(.minutes(1))) func L46_aCloseEndsThem() async throws {
    let (storage, log) = Self.log()
    let appends = (0..<8).map { _ in Self.conditioned(log) }
    try await until("they are searched for") { storage.state.withLock { $0.turns > 40 } }
    await log.close()
    for append in appends {
      await #expect(throws: EventLogError.closed) { try await append.value }
    }
    #expect(storage.state.withLock { $0.written } == 0)
  }

  @Test(.timeLimit(.minutes(1))) func theyDoNotFillTheQueue() async throws {
    let (storage, log) = Self.log()
    let count = AppendPipeline.searchBound + AppendPipeline.searchThreads + 50
    let refused = Monitor(0)
    let appends = (0..<count).map { _ in
      let append = Self.conditioned(log)
      return Task {
        do {
          _ = try await append.value
        } catch EventLogError.overloaded(retryAfter: _) {
          refused.withLock { $0 += 1 }
        }
      }
    }
    try await until("those without room are refused") { refused.withLock { $0 } >= 50 }
    _ = try await log.append(AppendRequest(to: "s", [NewEvent(type: "T")]))
    storage.state.withLock { $0.endsSearches = true }
    for append in appends { try await append.value }
    // Two may have had their turns while the others waited.
    #expect((50...50 + AppendPipeline.searchThreads).contains(refused.withLock { $0 }))
    #expect(log.waiting.requests == 0)
    await log.close()
  }

  /// Behind the others they would be overtaken again by what is written meanwhile.
  @Test func whatCatchesUpGoesFirstAndHasItsPlace() throws {
    func entry(catchesUp: Bool) throws -> AppendPipeline.Entry {
      let condition = AppendCondition(failIfMatches: .tags("popular"))
      let request = AppendRequest(to: nil, [NewEvent(type: "T")], condition: condition)
      let prepared = PreparedRequest(request)
      let search = ConditionSearch(try #require(prepared.condition), upTo: 10)
      if catchesUp {
        search.end()
        search.extend(to: 20)
      }
      return AppendPipeline.Entry(
        ticket: AppendTicket(),
        prepared: prepared,
        cost: prepared.cost,
        largeCost: prepared.largeCost,
        search: search
      )
    }
    var state = AppendPipeline.State()
    var isTaken = true
    for _ in 0..<AppendPipeline.searchBound {
      isTaken = state.takesSearch(try entry(catchesUp: false))
      try #require(isTaken)
    }
    isTaken = state.takesSearch(try entry(catchesUp: false))
    #expect(!isTaken)
    let late = try entry(catchesUp: true)
    isTaken = state.takesSearch(late)
    #expect(isTaken)
    #expect(state.searching.count == AppendPipeline.searchBound + 1)
    #expect(state.searching.first?.ticket === late.ticket)
  }

  /// Requests are looked up together: one that meets a damaged event fails alone.
  @Test(.timeLimit(.minutes(1))) func aDamagedEventIsTheTroubleOfWhoAsksForIt() async throws {
    let storage = StandInStorage()
    storage.state.withLock { state in
      state.damagedStream = "damaged"
      state.damagedTag = "damaged"
      state.isAnswering = false
    }
    let log = storage.engine(head: GlobalPosition(1000))
    func append(_ stream: StreamName?, _ tag: Tag? = nil) -> Append {
      let condition = tag.map { AppendCondition(failIfMatches: .tags($0)) }
      return Task {
        try await log.append(AppendRequest(to: stream, [NewEvent(type: "T")], condition: condition))
      }
    }
    // The first keeps admission busy until all others wait for it.
    let first = append("first")
    try await until("it is looked up") { storage.state.withLock { $0.asked } == 1 }
    let sound = [append("sound"), append(nil, "sound"), append("other"), append(nil, "other")]
    let broken = [append("damaged"), append(nil, "damaged")]
    try await until("they wait") { log.waiting.requests == 7 }
    storage.answer()
    for append in [first] + sound { _ = try await append.value }
    for append in broken {
      await #expect(throws: EventLogError.self) { try await append.value }
    }
    #expect(log.waiting.requests == 0)
    await log.close()
  }

  /// All sets of four out of sixteen tags, in a log whose events bear three of them.
  @Test(.timeLimit(.minutes(1))) func whatMemoryCannotTellInTimeTheStoreIsAsked() async throws {
    let storage = StandInStorage()
    let log = storage.engine()
    let events = (0..<4096).map { _ in NewEvent(type: "T", tags: ["p0", "p1", "p2"]) }
    _ = try await log.append(AppendRequest(to: nil, events))
    #expect(storage.state.withLock { $0.turns } == 0)
    let condition = AppendCondition(failIfMatches: .setsOfFour)
    _ = try await log.append(AppendRequest(to: nil, [NewEvent(type: "T")], condition: condition))
    #expect(storage.state.withLock { $0.turns } == 1)
    // Of the newest alone memory tells at once.
    let after = try await log.head()
    _ = try await log.append(AppendRequest(to: nil, [NewEvent(type: "T", tags: ["p0"])]))
    _ = try await log.append(
      AppendRequest(
        to: nil,
        [NewEvent(type: "T")],
        condition: AppendCondition(failIfMatches: .setsOfFour, after: after)
      )
    )
    #expect(storage.state.withLock { $0.turns } == 1)
    await log.close()
  }

  @Test func whoWasCancelledWhilePlannedIsToldBeforeWaitingAgain() async {
    let ticket = AppendTicket()
    let answer: AppendTicket.Answer = await withUnsafeContinuation { continuation in
      let isTaken = ticket.wait(continuation) && ticket.drain()
      ticket.cancel()
      #expect(isTaken && !ticket.isGone)
      let waitsAgain = ticket.giveBack()
      #expect(!waitsAgain && ticket.isGone)
    }
    #expect(answer == .failure(.cancelled))
  }
}

extension EventQuery {
  /// All sets of four out of sixteen tags: however they are arranged, an event that bears three of
  /// the tags finds many of them.
  static let setsOfFour: EventQuery = {
    var items: [Item] = []
    for first in 0..<16 {
      for second in (first + 1)..<16 {
        for third in (second + 1)..<16 {
          for fourth in (third + 1)..<16 {
            items.append(Item(tags: [first, second, third, fourth].map { Tag("p\($0)") }))
          }
        }
      }
    }
    return EventQuery(items)
  }()
}
