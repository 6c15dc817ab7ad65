internal import EventLogCore
internal import MessagingCore
internal import ProjectionsCore
internal import Testing

/// The laws of a read-model store; one suite for every engine.
public enum ReadModelLaws {
  static let lane = LaneID(handler: Shelf.id.handler, partition: 3)
  static let log = LogIdentity(id: EventID(high: 1, low: 2), epoch: 1)

  /// Effect and checkpoint commit together or not at all (M10).
  public static func effectAndCheckpointAreOne(_ fixture: ReadModelFixture) async throws {
    let store = try ReadModelStore(try fixture.make().engine)
    let shelf = GenerationStore(1, in: store)
    await #expect(throws: Shelf.Unreadable.self) {
      try await shelf.transact { transaction in
        try transaction.put(Book(author: "a", title: "t"), at: "one", in: Shelf.books)
        try transaction.add(1, to: Shelf.booksOf, at: "a")
        try transaction.put(Checkpoint(log: log, floor: GlobalPosition(7)), of: lane)
        throw Shelf.Unreadable()
      }
    }
    let before = try await shelf.transact { try $0.checkpoint(of: lane) }
    #expect(before == nil)
    try await store.read(generation: 1) { view throws in
      #expect(try view.get("one", in: Shelf.books) == nil)
      #expect(try view.count(Shelf.booksOf, at: "a") == 0)
      #expect(try view.list(Shelf.books, by: Shelf.byAuthor, limit: 10).isEmpty)
    }
    try await shelf.transact { transaction in
      try transaction.put(Book(author: "a", title: "t"), at: "one", in: Shelf.books)
      try transaction.add(1, to: Shelf.booksOf, at: "a")
      try transaction.put(Checkpoint(log: log, floor: GlobalPosition(7)), of: lane)
    }
    let after = try await shelf.transact { try $0.checkpoint(of: lane) }
    #expect(after?.floor == GlobalPosition(7))
    try await store.read(generation: 1) { view throws in
      #expect(try view.get("one", in: Shelf.books)?.title == "t")
      #expect(try view.count(Shelf.booksOf, at: "a") == 1)
    }
    await store.close()
  }

  /// A commit under an older claim than the stored one writes nothing (M9).
  public static func anOlderClaimWritesNothing(_ fixture: ReadModelFixture) async throws {
    let store = try ReadModelStore(try fixture.make().engine)
    let shelf = GenerationStore(1, in: store)
    try await shelf.transact { transaction in
      try transaction.put(Checkpoint(log: log, floor: .start, fence: 2), of: lane)
    }
    await #expect(throws: ReadModelError.fenced(lane)) {
      try await shelf.transact { transaction in
        try transaction.put(Book(author: "a", title: "t"), at: "one", in: Shelf.books)
        try transaction.put(Checkpoint(log: log, floor: GlobalPosition(9), fence: 1), of: lane)
      }
    }
    // A claim that comes while a transaction runs is seen by its commit.
    await #expect(throws: ReadModelError.fenced(lane)) {
      try await shelf.transact { transaction in
        guard var mine = try transaction.checkpoint(of: lane) else { return }
        try commitMeanwhile(store) { other in
          try other.put(Checkpoint(log: log, floor: .start, fence: 3), of: lane)
        }
        mine.floor = GlobalPosition(9)
        mine.fence = 9
        try transaction.put(mine, of: lane)
      }
    }
    let stored = try await shelf.transact { try $0.checkpoint(of: lane) }
    #expect(stored?.floor == .start)
    #expect(stored?.fence == 3)
    try await store.read(generation: 1) { view throws in
      #expect(try view.get("one", in: Shelf.books) == nil)
    }
    await store.close()
  }

  /// Commits a second transaction from inside the first one's body.
  private static func commitMeanwhile(
    _ store: ReadModelStore,
    _ body: (inout ReadModelTransaction) throws -> Void
  ) throws {
    try GenerationStore(1, in: store).transactBlocking(body)
  }

  /// Two generations in one store never see each other's rows.
  public static func generationsNeverMeet(_ fixture: ReadModelFixture) async throws {
    let store = try ReadModelStore(try fixture.make().engine)
    for (number, title) in [(UInt32(1), "old"), (2, "new"), (256, "far")] {
      try await GenerationStore(number, in: store).transact { transaction in
        #expect(try transaction.get("one", in: Shelf.books) == nil)
        #expect(try transaction.checkpoint(of: lane) == nil)
        try transaction.put(Book(author: "a", title: title), at: "one", in: Shelf.books)
        try transaction.add(Int64(number), to: Shelf.booksOf, at: "a")
        try transaction.put(Checkpoint(log: log, floor: GlobalPosition(1)), of: lane)
        try transaction.park(.sample("book-x"), in: lane)
      }
    }
    for (number, title) in [(UInt32(1), "old"), (2, "new"), (256, "far")] {
      try await store.read(generation: number) { view throws in
        let found = try view.list(Shelf.books, by: Shelf.byAuthor, limit: 10)
        #expect(found.map(\.document.title) == [title])
        #expect(try view.list(Shelf.books, limit: 10).count == 1)
        #expect(try view.counts(Shelf.booksOf, limit: 10).map(\.value) == [Int64(number)])
      }
    }
    await store.close()
  }

  /// What was committed is there after closing and opening again.
  public static func aReopenedStoreHasAll(_ fixture: ReadModelFixture) async throws {
    let place = try fixture.make()
    var store = try ReadModelStore(place.engine)
    try await GenerationStore(1, in: store).transact { transaction in
      for number in 0..<300 {
        try transaction.put(
          Book(author: "a\(number % 7)", title: "t\(number)"),
          at: DocumentKey("\(number)"),
          in: Shelf.books
        )
        try transaction.add(1, to: Shelf.booksOf, at: DocumentKey("a\(number % 7)"))
      }
      try transaction.put(Checkpoint(log: log, floor: GlobalPosition(300)), of: lane)
      try transaction.park(.sample("book-x"), in: lane)
    }
    await store.close()
    store = try ReadModelStore(try place.reopen())
    try await store.read(generation: 1) { view throws in
      #expect(try view.list(Shelf.books, limit: 1000).count == 300)
      #expect(try view.list(Shelf.books, by: Shelf.byAuthor, limit: 1000).count == 300)
      #expect(try view.counts(Shelf.booksOf, limit: 10).map(\.value).reduce(0, +) == 300)
    }
    let (floor, parked) = try await GenerationStore(1, in: store).transact { transaction in
      (
        try transaction.checkpoint(of: lane)?.floor,
        try transaction.parked(in: lane, after: nil, limit: 10)
      )
    }
    #expect(floor == GlobalPosition(300))
    #expect(parked == [.sample("book-x")])
    await store.close()
  }

  /// A view shows one moment, whatever is committed while it is read.
  public static func aViewIsOneMoment(_ fixture: ReadModelFixture) async throws {
    let store = try ReadModelStore(try fixture.make().engine)
    let shelf = GenerationStore(1, in: store)
    try await shelf.transact { transaction in
      try transaction.put(Book(author: "a", title: "before"), at: "one", in: Shelf.books)
      try transaction.add(1, to: Shelf.booksOf, at: "a")
    }
    try await store.read(generation: 1) { view throws in
      try shelf.transactBlocking { transaction in
        try transaction.put(Book(author: "b", title: "after"), at: "one", in: Shelf.books)
        try transaction.put(Book(author: "b", title: "second"), at: "two", in: Shelf.books)
        try transaction.add(1, to: Shelf.booksOf, at: "a")
      }
      #expect(try view.get("one", in: Shelf.books)?.title == "before")
      #expect(try view.get(["one", "two"], in: Shelf.books).map { $0?.title } == ["before", nil])
      let found = try view.list(Shelf.books, by: Shelf.byAuthor, limit: 10)
      #expect(found.map(\.document.author) == ["a"])
      #expect(try view.count(Shelf.booksOf, at: "a") == 1)
    }
    try await store.read(generation: 1) { view throws in
      #expect(try view.list(Shelf.books, by: Shelf.byAuthor, limit: 10).count == 2)
      #expect(try view.count(Shelf.booksOf, at: "a") == 2)
    }
    await store.close()
  }

  /// Parked streams are listed by name, page by page, with the transaction's own changes.
  public static func parkedStreamsAreListedInOrder(_ fixture: ReadModelFixture) async throws {
    let store = try ReadModelStore(try fixture.make().engine)
    let shelf = GenerationStore(1, in: store)
    try await shelf.transact { transaction in
      for name in ["book-c", "book-a", "book-e", "book-b"] {
        try transaction.park(.sample(name), in: lane)
      }
    }
    let pages = try await shelf.transact { transaction in
      try transaction.unpark(StreamName("book-b"), in: lane)
      try transaction.park(.sample("book-d"), in: lane)
      let first = try transaction.parked(in: lane, after: nil, limit: 2)
      let second = try transaction.parked(in: lane, after: first.last?.stream, limit: 2)
      let other = try transaction.parked(
        in: LaneID(handler: lane.handler, partition: 4),
        after: nil,
        limit: 2
      )
      #expect(other.isEmpty)
      return [first.map(\.stream.text), second.map(\.stream.text)]
    }
    #expect(pages == [["book-a", "book-c"], ["book-d", "book-e"]])
    let left = try await shelf.transact { try $0.parked(StreamName("book-b"), in: lane) }
    #expect(left == nil)
    await store.close()
  }
}

extension ParkedStream {
  static func sample(_ name: String) -> ParkedStream {
    ParkedStream(
      stream: StreamName(name),
      partition: 3,
      head: (GlobalPosition(5), StreamRevision(2)),
      state: .waiting,
      due: Timestamp(microseconds: 17),
      firstFailed: Timestamp(microseconds: 11),
      kind: .unknown,
      error: "no such author"
    )
  }
}
