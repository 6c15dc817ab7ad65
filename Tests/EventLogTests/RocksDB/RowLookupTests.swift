import EventLogCore
import RocksDBDriver
import Testing

@testable import EventLogRocksDB

/// What an opening finds by keys, and what it leaves to a walk.
@Suite struct RowLookupTests {
  private static let events: UInt64 = 60
  private static let tags: [Tag] = ["even", "odd"]

  /// A log of appends of one to eight events to two streams, opened as files.
  private static func storage(_ folder: TemporaryFolder) async throws -> RocksDBStorage {
    let path = folder.path + "/log"
    let log = try RocksDBEventLog.open(path: path)
    var number = 0
    for size in [1, 8, 3, 8, 8, 2, 8, 8, 6, 8] {
      let all = (0..<size).map { _ in
        number += 1
        return NewEvent(id: .make(), type: "T", tags: ["all", tags[number % 2]])
      }
      _ = try await log.append(AppendRequest(to: number % 3 == 0 ? "a" : "b", all))
    }
    await log.close()
    return try RocksDBOpening.open(path: path, acceptsLoss: false).storage
  }

  private static func entries(_ tag: String, _ positions: [UInt64]) -> [ScatteredEntry] {
    let hash = tag.utf8.withContiguousStorageIfAvailable {
      TextHash(UnsafeRawBufferPointer($0), seed: TextHash.Kind.tag.rawValue)
    }
    return positions.map { ScatteredEntry(hash ?? TextHash(high: 0, low: 0), $0) }
  }

  @Test func whatEndsWithACommitIsFoundByKeys() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let storage = try await Self.storage(folder)
    defer { storage.close() }
    let lookup = RowLookup(storage.database)
    let entries = (Self.entries("all", Array(1...Self.events)) + Self.entries("even", [58, 60]))
      .sorted()
    #expect(try lookup.missing(of: entries, in: storage.families.tags).isEmpty)
    // The last commit is 53 to 60: a row that goes on behind 57 is not found, those before it are
    // not looked for.
    let cut = Self.entries("all", Array(30...57))
    #expect(try lookup.missing(of: cut, in: storage.families.tags) == cut)
    #expect(try lookup.missing(of: [], in: storage.families.tags).isEmpty)
  }

  enum Family: String, CaseIterable { case ids, types, tags, streams, heads }

  /// A row that is gone is missed, whichever index it belongs to.
  @Test(arguments: Family.allCases)
  func aRowThatIsGoneIsMissed(family: Family) async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let storage = try await Self.storage(folder)
    defer { storage.close() }
    let verification = try Verification(storage, head: Self.events)
    let reach = Verification.NewestReach(atLeast: 40, atMost: 60, patience: .zero, step: 20)
    try verification.runNewest(reach)
    let event = try storage.event(at: Self.events)
    let stream = try #require(event.stream)
    let revision = try #require(event.revision)
    let batch = try storage.database.makeBatch()
    let families = storage.families
    switch family {
    case .ids: batch.delete(Key.id(event.id), in: families.ids)
    case .types:
      let hash = event.type.text.withBytes {
        TextHash($0, seed: TextHash.Kind.type.rawValue)
      }
      batch.delete(Key.posting(hash, Self.events), in: families.types)
    case .tags:
      let last = try #require(Self.entries("all", [Self.events]).first)
      batch.delete(
        Key.posting(TextHash(high: last.high, low: last.low), Self.events),
        in: families.tags
      )
    case .streams:
      batch.delete(Key.revision(revision.number, of: NameKey(stream)), in: families.streams)
    case .heads: batch.delete(Array(stream.text.utf8), in: families.heads)
    }
    try storage.database.write(batch, synced: false)
    let damaged = try Verification(storage, head: Self.events)
    #expect(throws: EventLogError.self) { try damaged.runNewest(reach) }
  }
}
