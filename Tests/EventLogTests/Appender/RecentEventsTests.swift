internal import EventLogCore
internal import Testing

/// The storage behind these keeps nothing, so that every page comes from memory or not at all.
@Suite struct RecentEventsTests {
  @Test func whoFollowsReadsWhatWasWrittenWithoutTheStore() async throws {
    let log = StandInStorage().engine()
    for number in 1...20 {
      _ = try await log.append(
        AppendRequest(
          to: StreamName("s\(number % 3)"),
          [.named("A"), .named("B", tags: [Tag("t\(number)")])]
        )
      )
    }
    let page = try await log.page(after: 0)
    #expect(page.events.map(\.position.number) == Array(1...40))
    #expect(page.isEnd && page.scannedTo.number == 40 && page.head.number == 40)
    let tagged = try await log.page(after: 7, matching: .tags("t12"))
    #expect(tagged.events.map(\.position.number) == [24])
    #expect(tagged.isEnd && tagged.scannedTo.number == 40)
    await log.close()
  }

  @Test func pagesMeetWithoutOverlap() async throws {
    let log = StandInStorage().engine()
    for count in 1...9 {
      _ = try await log.append(AppendRequest(to: nil, (0..<count).map { _ in .named("X") }))
    }
    for limit in [1, 2, 7, 44, 45, 46] {
      var after: UInt64 = 0
      var found: [UInt64] = []
      while after < 45 {
        let page = try await log.page(after: after, limit: limit)
        #expect(page.events.count <= limit)
        found += page.events.map(\.position.number)
        #expect(page.isEnd == (page.scannedTo.number == 45))
        after = page.scannedTo.number
      }
      #expect(found == Array(1...45))
    }
    await log.close()
  }

  @Test func whatTheBoundLetGoIsAskedOfTheStore() async throws {
    let log = StandInStorage().engine()
    let large = NewEvent(type: "X", data: Array(repeating: 1, count: 200_000))
    for _ in 0..<8 { _ = try await log.append(AppendRequest(to: nil, [large])) }
    #expect(try await log.page(after: 5).events.count == 3)
    await #expect(throws: EventLogError.unavailable("nothing is kept")) {
      try await log.page(after: 0)
    }
    await log.close()
  }

  @Test func aRemovalLeavesNothingOfBefore() async throws {
    let log = StandInStorage().engine()
    _ = try await log.append(AppendRequest(to: "s", [.named("A"), .named("B")]))
    _ = try await log.append(.truncating("s", before: StreamRevision(1)))
    await #expect(throws: EventLogError.unavailable("nothing is kept")) {
      try await log.page(after: 0)
    }
    _ = try await log.append(AppendRequest(to: "s", [.named("C")]))
    #expect(try await log.page(after: 3).events.map(\.type) == ["C"])
    await log.close()
  }

  @Test func closedIsClosed() async throws {
    let log = StandInStorage().engine()
    _ = try await log.append(AppendRequest(to: "s", [.named("A")]))
    await log.close()
    await #expect(throws: EventLogError.closed) { try await log.page(after: 0) }
  }
}

extension PipelinedEventLog {
  fileprivate func page(
    after position: UInt64,
    matching query: EventQuery = .all,
    limit: Int = 4096
  ) async throws(EventLogError) -> EventPage {
    try await readAll(
      after: GlobalPosition(position),
      matching: query,
      direction: .forward,
      limit: limit,
      includeRemoved: false
    )
  }
}
