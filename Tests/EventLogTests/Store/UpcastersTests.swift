@testable internal import EventLogCore
internal import EventLogInMemory
internal import Testing

@Suite struct UpcastersTests {
  private static var upcasters: Upcasters {
    var upcasters = Upcasters()
    upcasters.register(from: .init("PostRenamed", 1), to: .init("PostTitled", 1)) { $0 + [1] }
    upcasters.register(from: .init("PostTitled", 1), to: .init("PostTitled", 2)) { $0 + [2] }
    upcasters.register(from: .init("PostTitled", 2), to: .init("PostTitled", 3)) { $0 + [3] }
    return upcasters
  }

  private func recorded(
    _ type: EventType,
    _ version: UInt32,
    tracking: Tracking? = nil
  ) throws -> RecordedEvent {
    let event = NewEvent(
      id: .make(),
      type: type,
      schemaVersion: version,
      data: [0],
      tags: ["x", "x"],
      metadata: ["actor": "u1"]
    )
    return try RecordedEvent(envelope: EnvelopeTests.encoded(event, tracking: tracking))
  }

  @Test func stepsChainToTheNewestShape() throws {
    let old = try recorded("PostRenamed", 1, tracking: Tracking(source: "s", position: 4))
    let new = try Self.upcasters.upcast(old)
    #expect(new.type == "PostTitled" && new.schemaVersion == 3)
    #expect(new.data == [0, 1, 2, 3])
  }

  @Test func everythingElseStaysAsRecorded() throws {
    let old = try recorded("PostTitled", 2, tracking: Tracking(source: "s", position: 4))
    let new = try Self.upcasters.upcast(old)
    #expect(new.id == old.id && new.position == old.position && new.revision == old.revision)
    #expect(new.recordedAt == old.recordedAt && new.stream == old.stream)
    #expect(new.tags == old.tags && new.metadata == old.metadata)
    #expect(new.tracking == old.tracking && new.contentType == old.contentType)
    #expect(try RecordedEvent(envelope: new.envelope) == new)
  }

  @Test func shapesWithoutAStepPassThrough() throws {
    for (type, version) in [("PostTitled", 3), ("Other", 1)] as [(EventType, UInt32)] {
      let event = try recorded(type, version)
      #expect(try Self.upcasters.upcast(event) == event)
    }
    let removed = try recorded("PostRenamed", 1).removed
    #expect(try Self.upcasters.upcast(removed) == removed)
  }

  @Test func aStepThatThrowsNamesTheEvent() throws {
    struct Unreadable: Error {}
    var upcasters = Upcasters()
    upcasters.register(from: .init("A", 1), to: .init("A", 2)) { _ in throw Unreadable() }
    let event = try recorded("A", 1)
    #expect {
      try upcasters.upcast(event)
    } throws: { error in
      guard case .corrupt(let text, let position) = error as? EventLogError else { return false }
      return text.contains("A v1") && position == event.position
    }
  }

  @Test func queriesAskForOriginsToo() {
    let query = Self.upcasters.widen(.types("PostTitled", "Other"))
    #expect(query == .types("PostTitled", "Other", "PostRenamed"))
    #expect(Self.upcasters.widen(.tags("x")) == .tags("x"))
    #expect(Self.upcasters.widen(.all) == .all)
  }

  @Test func widenedItemsStayWithinTheLimit() {
    var upcasters = Upcasters()
    for index in 0..<EventLogLimits.queryTypes {
      upcasters.register(from: .init(EventType("Old\(index)"), 1), to: .init("New", 1)) { $0 }
    }
    let widened = upcasters.widen(EventQuery([.init(types: ["New"], tags: ["x"])]))
    #expect(widened.items.map(\.types.count) == [EventLogLimits.queryTypes, 1])
    #expect(widened.items.allSatisfy { $0.tags == ["x"] })
  }

  @Test func storesReadFilterAndCheckInTodaysShape() async throws {
    var upcasters = Self.upcasters
    upcasters.register(from: .init("Both", 1), to: .init("Split", 1)) { $0 }
    let store = EventStore(InMemoryEventLog(), upcasters: upcasters)
    let types: [EventType] = ["PostRenamed", "Other", "Both", "PostTitled"]
    try await store.append(
      AppendRequest(to: "s", types.map { NewEvent(type: $0, tags: ["x"]) })
    )
    let stream = try await store.events(in: "s").collect()
    #expect(stream.map(\.type) == ["PostTitled", "Other", "Split", "PostTitled"])
    let titled = try await store.events(matching: .types("PostTitled")).collect()
    #expect(titled.map(\.position.number) == [1, 4])
    #expect(try await store.events(matching: .types("Both")).collect().isEmpty)
    #expect(try await store.event(at: GlobalPosition(1))?.type == "PostTitled")
    let condition = AppendCondition(failIfMatches: .types("PostTitled"), after: .start)
    await #expect(throws: EventLogError.conditionFailed(firstMatch: GlobalPosition(1))) {
      try await store.append(
        AppendRequest(to: "s", [NewEvent(type: "More")], condition: condition)
      )
    }
    var subscription = store.subscribe(from: .beginning, matching: .types("Split"))
      .makeAsyncIterator()
    guard case .events(let page) = try await subscription.next() else {
      Issue.record("the first message holds the events that are there")
      return
    }
    #expect(page.events.map(\.type) == ["Split"])
    await store.engine.close()
  }
}
