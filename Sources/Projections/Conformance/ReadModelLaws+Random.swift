internal import EventLogCore
internal import MessagingCore
internal import ProjectionsCore
internal import Testing

extension ReadModelLaws {
  /// Indexes, counters and ranges agree with the documents under random changes of a seed.
  public static func rangesAgreeWithDocuments(
    _ fixture: ReadModelFixture,
    seed: UInt64
  ) async throws {
    let store = try ReadModelStore(try fixture.make().engine)
    let shelf = GenerationStore(1, in: store)
    var random = Numbers(state: seed)
    var model: [String: Book] = [:]
    var counts: [String: Int64] = [:]
    for _ in 0..<40 {
      var changes: [(key: String, book: Book?, author: String, delta: Int64)] = []
      for _ in 0..<Int(random.next() % 25) {
        let key = "\(random.next() % 60)"
        let author = ["ann", "anna", "bo", "b\0o", ""][Int(random.next() % 5)]
        let title = String("xyzÄ".dropFirst(Int(random.next() % 4))) + "\(random.next() % 9)"
        let isDeleted = random.next() % 4 == 0
        let delta = Int64(random.next() % 5) - 2
        changes.append((key, isDeleted ? nil : Book(author: author, title: title), author, delta))
      }
      for change in changes {
        model[change.key] = change.book
        counts[change.author, default: 0] += change.delta
      }
      let batch = changes
      try await shelf.transact { transaction in
        for change in batch {
          let key = DocumentKey(change.key)
          if let book = change.book {
            try transaction.put(book, at: key, in: Shelf.books)
            #expect(try transaction.get(key, in: Shelf.books) == book)
          } else {
            try transaction.delete(key, in: Shelf.books)
            #expect(try transaction.get(key, in: Shelf.books) == nil)
          }
          try transaction.add(change.delta, to: Shelf.booksOf, at: DocumentKey(change.author))
        }
      }
      try await compare(store, model, counts, pageLimit: 1 + Int(random.next() % 7))
    }
    await store.close()
  }

  private static func compare(
    _ store: ReadModelStore,
    _ model: [String: Book],
    _ counts: [String: Int64],
    pageLimit: Int
  ) async throws {
    try await store.read(generation: 1) { view throws in
      for isBackward in [false, true] {
        let keys = model.keys.map { (DocumentKey($0), $0) }.sorted(isBackward)
        let listed = try pages(isBackward, pageLimit) { range in
          try view.list(Shelf.books, range, limit: pageLimit)
        }
        #expect(listed.map(\.key) == keys.map(\.0))
        #expect(listed.map(\.document) == keys.compactMap { model[$0.1] })

        let entries = model.map { key, book in
          (DocumentKey(book.author).with(book.title).bytes + DocumentKey(key).bytes, key)
        }.map { (DocumentKey(bytes: $0.0), $0.1) }.sorted(isBackward)
        let found = try pages(isBackward, pageLimit) { range in
          try view.list(Shelf.books, by: Shelf.byAuthor, range, limit: pageLimit)
        }
        #expect(found.map(\.cursor) == entries.map(\.0))
        #expect(found.map(\.document) == entries.compactMap { model[$0.1] })

        let ofBo = entries.filter { model[$0.1]?.author == "bo" }
        let bo = try pages(isBackward, pageLimit, DocumentKey("bo")) { range in
          try view.list(Shelf.books, by: Shelf.byAuthor, range, limit: pageLimit)
        }
        #expect(bo.map(\.cursor) == ofBo.map(\.0))
      }
      let nonZero = counts.filter { $0.value != 0 }.map { (DocumentKey($0.key), $0.value) }
        .sorted { $0.0.bytes.lexicographicallyPrecedes($1.0.bytes) }
      let stored = try view.counts(Shelf.booksOf, limit: 100)
      #expect(stored.map(\.key) == nonZero.map(\.0))
      #expect(stored.map(\.value) == nonZero.map(\.1))
    }
  }

  private static func pages(
    _ isBackward: Bool,
    _ limit: Int,
    _ prefix: DocumentKey = DocumentKey(),
    _ page: (KeyRange) throws -> [IndexEntry<Book>]
  ) rethrows -> [IndexEntry<Book>] {
    var all: [IndexEntry<Book>] = []
    while true {
      let range = KeyRange(prefix: prefix, after: all.last?.cursor, isBackward: isBackward)
      let next = try page(range)
      all += next
      if next.count < limit { return all }
    }
  }
}

extension [(DocumentKey, String)] {
  fileprivate func sorted(_ isBackward: Bool) -> Self {
    let up = sorted { $0.0.bytes.lexicographicallyPrecedes($1.0.bytes) }
    return isBackward ? up.reversed() : up
  }
}

/// Random numbers of a seed (SplitMix64).
struct Numbers: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
