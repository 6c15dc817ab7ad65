internal import EventLogCore
internal import EventLogInMemory
internal import Testing

@Suite struct EventStoreTests {
  private func store(_ count: Int) async throws -> EventStore {
    let store = EventStore(InMemoryEventLog())
    for index in 0..<count {
      try await store.append(
        AppendRequest(
          to: StreamName("s\(index % 2)"),
          [NewEvent(type: "Happened", tags: index.isMultiple(of: 3) ? ["third"] : [])]
        )
      )
    }
    return store
  }

  @Test(arguments: [1, 2, 3, 10, 11, 4096])
  func pagesOfAStreamCoverIt(limit: Int) async throws {
    let store = try await store(20)
    var sizes: [Int] = []
    for try await page in store.events(in: "s1", pageLimit: limit) {
      sizes.append(page.events.count)
      #expect(page.stream == .written(first: .first, last: StreamRevision(9)))
    }
    #expect(sizes.reduce(0, +) == 10)
    #expect(sizes.allSatisfy { $0 <= limit })
    let backward = try await store.events(
      in: "s1",
      from: StreamRevision(4),
      direction: .backward,
      pageLimit: limit
    ).collect()
    #expect(backward.map { $0.revision?.number } == [4, 3, 2, 1, 0])
    await store.engine.close()
  }

  @Test func aStreamNeverWrittenGivesOnePageThatSaysSo() async throws {
    let store = try await store(0)
    var pages: [EventPage] = []
    for try await page in store.events(in: "never") { pages.append(page) }
    #expect(pages.count == 1)
    #expect(pages.first?.stream == .neverWritten)
    await store.engine.close()
  }

  @Test func pagesOfTheLogStopAtTheirBounds() async throws {
    let store = try await store(20)
    func read(_ after: UInt64?, _ through: UInt64?, _ limit: Int) async throws -> [UInt64] {
      try await store.events(
        after: after.map { GlobalPosition($0) },
        through: through.map { GlobalPosition($0) },
        pageLimit: limit
      ).collect().map(\.position.number)
    }
    #expect(try await read(nil, nil, 7) == Array(1...20))
    #expect(try await read(3, 9, 2) == Array(4...9))
    #expect(try await read(3, 9, 100) == Array(4...9))
    #expect(try await read(3, 4000, 100) == Array(4...20))
    let third = try await store.events(
      through: GlobalPosition(10),
      matching: .tags("third"),
      pageLimit: 2
    ).collect()
    #expect(third.map(\.position.number) == [1, 4, 7, 10])
    await store.engine.close()
  }

  @Test func oneEventIsReadByPosition() async throws {
    let store = try await store(3)
    #expect(try await store.event(at: GlobalPosition(2))?.stream == "s1")
    #expect(try await store.event(at: .start) == nil)
    #expect(try await store.event(at: GlobalPosition(4)) == nil)
    _ = try await store.append(.tombstoning("s1"))
    #expect(try await store.event(at: GlobalPosition(2)) == nil)
    await store.engine.close()
  }

  @Test func checkpointsBearTheLogTheyBelongTo() async throws {
    let store = try await store(0)
    let checkpoint = store.checkpoint(at: GlobalPosition(9))
    #expect(checkpoint.log == store.identity.id)
    #expect(checkpoint.epoch == store.identity.epoch)
    #expect(checkpoint.position == GlobalPosition(9))
    await store.engine.close()
  }
}
