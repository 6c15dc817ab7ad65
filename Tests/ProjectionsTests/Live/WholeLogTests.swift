import EventLogCore
import EventLogInMemory
import MessagingCore
import Testing

@testable import ProjectionsCore

/// Counts the events of every stream.
private struct Tally: Projection {
  static let id = ProjectionID(service: "test", name: "tally", version: 1)
  static let isOfWholeLog = true
  static let categories: Set<MessagingCore.Category> = []
  static let query = EventQuery.all
  static let events = Counter("events")
  static let collections: [any AnyCollection] = [events]

  func apply(_ event: RecordedEvent, to model: inout ReadModelTransaction) throws {
    try model.add(1, to: Self.events, at: DocumentKey(event.stream?.text ?? ""))
  }
}

@Suite struct WholeLogTests {
  private func append(_ count: Int, _ stream: StreamName?, to log: any EventLogEngine) async throws
    -> GlobalPosition
  {
    let event = NewEvent(type: "Happened")
    return try await log.append(
      AppendRequest(to: stream, Array(repeating: event, count: count))
    ).lastPosition
  }

  private func running<R: Sendable>(
    _ body: @escaping @Sendable (any EventLogEngine, LiveProjection<Tally>) async throws -> R
  ) async throws -> R {
    let log = InMemoryEventLog()
    let runtime = ProjectionRuntime(
      store: try ReadModelStore(InMemoryReadModelEngine()),
      log: log
    )
    let tally = try runtime.open(Tally())
    return try await withThrowingTaskGroup(of: R?.self) { group in
      group.addTask {
        // No lane and no feed: the log alone.
        try await runtime.run(lanes: NoLanes())
        return nil
      }
      group.addTask { try await body(log, tally) }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }

  @Test func everyStreamIsFoldedWhateverItsCategory() async throws {
    try await running { log, tally in
      _ = try await append(3, "post-1", to: log)
      _ = try await append(4, "a name with blanks", to: log)
      let last = try await append(2, nil, to: log)
      let counts = try await tally.read(atLeast: last, stream: nil, patience: .seconds(20)) {
        try $0.counts(Tally.events, limit: 10)
      }
      #expect(counts.map(\.value) == [2, 4, 3])
    }
  }

  @Test func aReaderOfABusyLogDoesNotWaitForItToBecomeQuiet() async throws {
    try await running { log, tally in
      for _ in 0..<5 {
        let last = try await append(Int(FollowPace.busyPositions) * 2, "post-1", to: log)
        let count = try await tally.read(atLeast: last, stream: nil, patience: .seconds(20)) {
          try $0.count(Tally.events, at: "post-1")
        }
        #expect(count == Int64(last.number))
      }
    }
  }

  @Test func aRebuildLeavesOutWhatWasRemovedAndIsTakenAllTheSame() async throws {
    try await running { log, tally in
      let last = try await append(5, "post-1", to: log)
      _ = try await tally.read(atLeast: last, stream: nil, patience: .seconds(20)) { _ in }
      _ = try await log.append(.truncating("post-1", before: StreamRevision(3)))
      try await tally.startRebuild(comparing: .live)
      let ready = try await tally.rebuildSettled()
      #expect(ready?.phase == .ready, "\(ready?.reason ?? "")")
      // Nobody is told that the two were equal.
      #expect(ready?.found?.isDifferent == true)
      try await tally.cutOver()
      let count = try await tally.read { try $0.count(Tally.events, at: "post-1") }
      #expect(count == 2)
      let next = try await append(1, "post-1", to: log)
      let after = try await tally.read(atLeast: next, stream: nil, patience: .seconds(20)) {
        try $0.count(Tally.events, at: "post-1")
      }
      #expect(after == 3)
      // The generation that took over lacks it as well: now they can be compared.
      try await tally.startComparison()
      #expect(try await tally.rebuildSettled()?.found?.isEqual == true)
    }
  }

  @Test func aComparisonLooksAtTheLiveModel() async throws {
    try await running { log, tally in
      let last = try await append(5, "post-1", to: log)
      _ = try await tally.read(atLeast: last, stream: nil, patience: .seconds(20)) { _ in }
      try await tally.startComparison()
      #expect(try await tally.rebuildSettled()?.found?.isEqual == true)
      try await tally.cancelRebuild()
      try await tally.handler.store.transact { transaction in
        try transaction.add(1, to: Tally.events, at: "post-1")
      }
      try await tally.startComparison()
      let compared = try await tally.rebuildSettled()
      #expect(compared?.phase == .failed)
      #expect(compared?.found?.isDifferent == true)
      #expect(compared?.reason?.contains("post-1") == true)
    }
  }
}
