import EventLogCore
import Foundation
import RocksDBDriver
import Testing

@testable import EventLogRocksDB

/// Every family is damaged once in each way, and the finding names it.
@Suite struct VerificationTests {
  /// What is done to the files, and how the finding reads.
  struct Damage: Sendable, CustomTestStringConvertible {
    let name: String
    let finding: String
    let apply: @Sendable (Database, WriteBatch) throws -> Void
    var testDescription: String { name }

    init(
      _ name: String,
      finds finding: String,
      _ apply: @escaping @Sendable (Database, WriteBatch) throws -> Void
    ) {
      self.name = name
      self.finding = finding
      self.apply = apply
    }
  }

  /// A small log with everything: streams, tags, marks, removals.
  private static func fill(_ path: String) async throws {
    let log = try RocksDBEventLog.open(path: path)
    for number in 0..<6 {
      // One in two has an id of its own, which needs a row.
      let id: EventID? = number.isMultiple(of: 2) ? .make() : nil
      let event = NewEvent(id: id, type: "T", data: [UInt8(number)], tags: ["a", "b", "a"])
      _ = try await log.append(AppendRequest(to: "s", [event]))
    }
    _ = try await log.append(
      AppendRequest(
        to: "t",
        [NewEvent(type: "U"), NewEvent(type: "U")],
        tracking: Tracking(source: "origin", position: 7)
      )
    )
    _ = try await log.append(AppendRequest(to: nil, [NewEvent(type: "U", tags: ["c"])]))
    _ = try await log.append(.truncating("s", before: StreamRevision(2)))
    _ = try await log.append(.truncating("t", before: StreamRevision(99)))
    _ = try await log.append(AppendRequest(to: "t", [NewEvent(type: "U")]))
    _ = try await log.append(.tombstoning("u"))
    try await log.verify()
    await log.close()
  }

  private static func family(_ name: String, of database: Database) throws -> Database.Family {
    try #require(database.family(name))
  }

  /// Puts a row.
  private static func put(_ family: String, _ key: [UInt8], _ value: [UInt8])
    -> @Sendable (
      Database, WriteBatch
    ) throws -> Void
  {
    { database, batch in
      batch.put(key, value, in: try Self.family(family, of: database))
    }
  }

  /// Deletes the first row, or the one of `key`.
  private static func delete(_ family: String, _ key: [UInt8]? = nil)
    -> @Sendable (
      Database, WriteBatch
    ) throws -> Void
  {
    { database, batch in
      let family = try Self.family(family, of: database)
      var first = key
      if first == nil {
        let iterator = try database.makeIterator(in: family)
        iterator.seekToFirst()
        first = iterator.key
      }
      batch.delete(try #require(first), in: family)
    }
  }

  /// Replaces a head.
  private static func head(_ name: String, _ change: @escaping @Sendable (inout StreamHead) -> Void)
    -> @Sendable (Database, WriteBatch) throws -> Void
  {
    { database, batch in
      let family = try Self.family(FamilyName.heads, of: database)
      let stored = try #require(try database.value(of: Array(name.utf8), in: family))
      var head = try #require(stored.withUnsafeBytes { StreamHead(stored: $0) })
      change(&head)
      batch.put(Array(name.utf8), head.stored, in: family)
    }
  }

  static let damages: [Damage] = [
    Damage("an event's byte is flipped", finds: "checksum") { database, batch in
      let family = try family(FamilyName.events, of: database)
      var event = try #require(try database.value(of: Key.number(3), in: family))
      event[60] ^= 1
      batch.put(Key.number(3), event, in: family)
    },
    Damage(
      "an event is gone",
      finds: "not contiguous",
      delete(FamilyName.events, Key.number(3))
    ),
    Damage("an event stands in another's place", finds: "another event") { database, batch in
      let family = try family(FamilyName.events, of: database)
      let event = try #require(try database.value(of: Key.number(2), in: family))
      batch.put(Key.number(3), event, in: family)
    },
    Damage("a row of streams is gone", finds: "index of streams", delete(FamilyName.streams)),
    Damage(
      "streams have a row too many",
      finds: "without a head",
      put(FamilyName.streams, Key.revision(0, of: NameKey("zz")), Key.number(1))
    ),
    Damage(
      "a head is gone",
      finds: "head of stream 's'",
      delete(FamilyName.heads, Array("s".utf8))
    ),
    Damage("a head is ahead", finds: "head of stream 's' disagrees", head("s") { $0.last? += 1 }),
    Damage("a head is behind", finds: "head of stream 's'", head("s") { $0.last? -= 1 }),
    Damage(
      "a head forgot a truncation",
      finds: "stream 's' disagrees with its removals",
      head("s") { $0.first = 0 }
    ),
    Damage(
      "a head tells of more truncation",
      finds: "stream 't' disagrees with its removals",
      head("t") { $0.first += 1 }
    ),
    Damage(
      "a head forgot a tombstone",
      finds: "stream 'u' disagrees with its removals",
      head("u") { $0.isTombstoned = false }
    ),
    Damage(
      "a head belongs to nobody",
      finds: "head of stream 'ghost'",
      put(
        FamilyName.heads,
        Array("ghost".utf8),
        StreamHead(last: 3, first: 0, isTombstoned: false).stored
      )
    ),
    Damage("a row of types is gone", finds: "index of types disagrees", delete(FamilyName.types)),
    Damage(
      "types have a row too many",
      finds: "index of types has",
      put(FamilyName.types, Key.posting(TextHash("No", as: .type), 3), [])
    ),
    Damage("a row of tags is gone", finds: "index of tags disagrees", delete(FamilyName.tags)),
    Damage(
      "tags have a row too many",
      finds: "index of tags has",
      put(FamilyName.tags, Key.posting(TextHash("no", as: .tag), 3), [])
    ),
    Damage("an id is gone", finds: "index of ids disagrees", delete(FamilyName.ids)),
    Damage(
      "there is an id too many",
      finds: "index of ids has",
      put(FamilyName.ids, Key.id(EventID(high: 1, low: 1)), Key.number(3))
    ),
    Damage("a mark is gone", finds: "mark of a source", delete(FamilyName.tracking)),
    Damage(
      "a mark is ahead",
      finds: "mark of source 'origin'",
      put(FamilyName.tracking, Array("origin".utf8), Key.number(8))
    ),
    Damage(
      "a mark belongs to nobody",
      finds: "mark of source 'ghost'",
      put(FamilyName.tracking, Array("ghost".utf8), Key.number(8))
    ),
    Damage(
      "the note of a removal is gone",
      finds: "note of the removal of 's'",
      delete(FamilyName.meta, MetaKey.removed + Array("s".utf8))
    ),
    Damage(
      "a note of a removal belongs to nobody",
      finds: "notes of removals",
      put(
        FamilyName.meta,
        MetaKey.removed + Array("ghost".utf8),
        StreamHead(last: 3, first: 1, isTombstoned: false).stored
      )
    ),
    Damage(
      "the count of streams is wrong",
      finds: "count of streams",
      put(FamilyName.meta, MetaKey.streams, Key.number(99))
    ),
  ]

  @Test(arguments: damages) func damageIsFoundAndNamed(_ damage: Damage) async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let path = folder.path + "/log"
    try await Self.fill(path)
    try RocksDBEventLog.verify(filesAt: path)
    let database = try Database.open(
      path: path + "/store",
      families: RocksDBOpening.familyOptions
    )
    let batch = try database.makeBatch()
    try damage.apply(database, batch)
    try database.write(batch, synced: true)
    database.close()
    #expect {
      try RocksDBEventLog.verify(filesAt: path)
    } throws: { error in
      guard case .corrupt(let text, _) = error as? EventLogError else { return false }
      return text.contains(damage.finding) || "\(error)".contains(damage.finding)
    }
  }

  /// What is looked at is left as it is, byte for byte and file for file.
  @Test func lookingChangesNothing() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let path = folder.path + "/log"
    try await Self.fill(path)
    func contents() throws -> [String: Data] {
      var found: [String: Data] = [:]
      for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
        if let bytes = try? Data(contentsOf: URL(fileURLWithPath: path + "/" + name)) {
          found[name] = bytes
        }
      }
      return found
    }
    let before = try contents()
    let (identity, head) = try RocksDBEventLog.look(at: path)
    #expect(identity.epoch == 1)
    #expect(head == GlobalPosition(13))
    try RocksDBEventLog.verify(filesAt: path)
    #expect(try contents() == before)
  }

  /// It runs on the thread of its caller, who is asked to stop as any task is.
  @Test func aCheckOfFilesEndsWithItsTask() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let path = folder.path + "/log"
    try await Self.fill(path)
    let work = Task { () -> EventLogError? in
      withUnsafeCurrentTask { $0?.cancel() }
      do throws(EventLogError) {
        try RocksDBEventLog.verify(filesAt: path)
        return nil
      } catch {
        return error
      }
    }
    let error = await work.value
    #expect(error == .cancelled)
  }

  @Test func noLogIsSaid() throws {
    let folder = try TemporaryFolder(inMemory: true)
    #expect(throws: EventLogError.self) { try RocksDBEventLog.look(at: folder.path) }
  }

  /// Appends that come while it runs are no findings.
  @Test func verificationGoesOnBesideAppends() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let log = try RocksDBEventLog.open(path: folder.path + "/log")
    for number in 0..<2000 { _ = try await log.append(.numbered(number, to: "s\(number % 7)")) }
    let writer = Task {
      var number = 2000
      while !Task.isCancelled {
        _ = try await log.append(.numbered(number, to: "s\(number % 7)"))
        if number.isMultiple(of: 50) {
          _ = try await log.append(.truncating("s1", before: StreamRevision(UInt64(number) / 50)))
        }
        number += 1
      }
    }
    for _ in 0..<5 { try await log.verify() }
    writer.cancel()
    _ = try? await writer.value
    try await log.verify()
    await log.close()
  }

  @Test func compactionKeepsEverything() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    let log = try RocksDBEventLog.open(path: folder.path + "/log")
    for number in 0..<500 { _ = try await log.append(.numbered(number, to: "s\(number % 7)")) }
    let before = try await log.readAll(after: nil).events
    let steps = Steps()
    try await log.compact { family, done, total in steps.add("\(family) \(done)/\(total)") }
    #expect(steps.all.first == "events 0/8")
    #expect(steps.all.last == " 8/8")
    #expect(try await log.readAll(after: nil).events == before)
    try await log.verify()
    await log.close()
  }
}
