import Foundation
import RocksDBDriver
import Testing

@testable import EventLogRocksDB

@Suite struct DatabaseTests {
  private func counting() -> [FamilyOptions] {
    var counters = FamilyOptions("counters")
    counters.addsCounters = true
    return [FamilyOptions("default"), counters]
  }

  @Test func aBatchIsWrittenWholeAndReadBack() throws {
    let folder = try TemporaryFolder()
    let database = try Database.open(path: folder.path + "/db", families: counting())
    let family = try #require(database.family("default"))
    let counters = try #require(database.family("counters"))
    let batch = try database.makeBatch()
    batch.put([0, 1], [9], in: family)
    batch.put([0, 2], [], in: family)
    batch.put([1, 0, 0], [7, 7], in: family)
    batch.add(3, to: [1], in: counters)
    batch.add(-1, to: [1], in: counters)
    try database.write(batch, synced: true)
    #expect(try database.value(of: [0, 1], in: family) == [9])
    #expect(try database.value(of: [0, 2], in: family) == [])
    #expect(try database.value(of: [0, 3], in: family) == nil)
    #expect(try database.value(of: [1], in: counters) == [2, 0, 0, 0, 0, 0, 0, 0])
    var found: [Int: [UInt8]] = [:]
    try database.withValues(ofKeys: [0, 1, 0, 3, 0, 2], each: 2, in: family) { index, value in
      found[index] = value.map { Array($0) }
    }
    #expect(found == [0: [9], 2: []])
  }

  @Test func iteratorsStayWithinTheirBounds() throws {
    let folder = try TemporaryFolder()
    let database = try Database.open(path: folder.path + "/db")
    let family = try #require(database.family("default"))
    let batch = try database.makeBatch()
    for index in UInt8(0)..<10 { batch.put([index], [index], in: family) }
    batch.deleteRange([3], [5], in: family)
    try database.write(batch, synced: false)
    let iterator = try database.makeIterator(in: family, from: [2], to: [8])
    var keys: [UInt8] = []
    iterator.seekToFirst()
    while iterator.isValid {
      keys += iterator.key
      iterator.next()
    }
    try iterator.check()
    #expect(keys == [2, 5, 6, 7])
    iterator.seekToLast()
    #expect(iterator.value == [7])
    iterator.seekBackward([4])
    #expect(iterator.key == [2])
  }

  @Test func errorsSayWhatTheyAre() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/db"
    let database = try Database.open(path: path)
    func code(_ body: () throws(RocksDBError) -> Void) -> RocksDBError.Code? {
      do throws(RocksDBError) { try body() } catch { return error.code }
      return nil
    }
    #expect(code { () throws(RocksDBError) in _ = try Database.open(path: path) } == .locked)
    database.close()
    #expect(code { () throws(RocksDBError) in _ = try database.makeBatch() } == .closed)
    var options = DatabaseOptions()
    options.createsIfMissing = false
    #expect(
      code { () throws(RocksDBError) in
        _ = try Database.open(path: folder.path + "/none", options: options)
      } == .invalidArgument
    )
    let again = try Database.open(path: path)
    again.close()
  }

  @Test func aCheckpointIsADatabaseOfItsOwn() throws {
    let folder = try TemporaryFolder()
    let database = try Database.open(path: folder.path + "/db")
    let family = try #require(database.family("default"))
    let batch = try database.makeBatch()
    batch.put([1], [2], in: family)
    try database.write(batch, synced: true)
    try database.checkpoint(to: folder.path + "/copy")
    let copy = try Database.open(path: folder.path + "/copy")
    let copied = try #require(copy.family("default"))
    #expect(try copy.value(of: [1], in: copied) == [2])
  }

  /// A filter that the cache has no room for would be read whole for every key.
  @Test func aLookUpReadsLittleOfATableThatIsLargerThanTheCache() throws {
    let folder = try TemporaryFolder()
    var options = DatabaseOptions()
    options.cacheBytes = 128 << 10
    // Ten bits of filter for each key: four times the cache.
    try Self.fill(folder.path + "/db", keys: 400_000)
    let database = try Database.open(path: folder.path + "/db", options: options)
    let family = try #require(database.family("default"))
    let lookUps: UInt32 = 200
    let before = try Self.bytesReadByThisThread()
    for number in 0..<lookUps {
      #expect(try database.value(of: Self.bytes(of: number * 1999), in: family) == [1])
    }
    let read = try Self.bytesReadByThisThread() - before
    // A block, and a part each of the index and of the filter.
    #expect(read < UInt64(lookUps) * (64 << 10), "\(read / UInt64(lookUps)) bytes a look-up")
  }

  /// What was left to be compacted would take a core from whoever waits for the start.
  @Test func compactionBeginsBehindAnOpening() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/db"
    var options = DatabaseOptions()
    options.compactsAfter = .seconds(60)
    // Closed before the time is up, it waits for nothing and leaves nothing behind.
    let began = ContinuousClock.now
    try Self.write(files: 6, to: path, options)
    #expect(ContinuousClock.now - began < .seconds(30))
    options.compactsAfter = .seconds(5)
    let begin = ContinuousClock.now
    let database = try Database.open(path: path, options: options)
    let family = try #require(database.family("default"))
    let files = { try database.property("rocksdb.num-files-at-level0", of: family) }
    let left = try files()
    #expect(left == 6)
    while try files() == 6, ContinuousClock.now - begin < .seconds(60) {
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(try files() != 6)
    #expect(ContinuousClock.now - begin >= .seconds(5))
  }

  /// The library's own call does not tell.
  @Test func aCompactionThatFailedSaysSo() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/db"
    try Self.write(files: 2, to: path, DatabaseOptions())
    for name in try FileManager.default.contentsOfDirectory(atPath: path)
    where name.hasSuffix(".sst") {
      let file = URL(fileURLWithPath: path + "/" + name)
      var bytes = try Data(contentsOf: file)
      // In the first block of rows, which an opening does not read.
      bytes[10] ^= 0x40
      try bytes.write(to: file)
    }
    let database = try Database.open(path: path)
    let family = try #require(database.family("default"))
    let error = #expect(throws: RocksDBError.self) { try database.compact(family) }
    #expect(error?.code == .corruption)
    database.close()
  }

  private static func write(files: UInt8, to path: String, _ options: DatabaseOptions) throws {
    let database = try Database.open(path: path, options: options)
    let family = try #require(database.family("default"))
    for number in 0..<files {
      let batch = try database.makeBatch()
      // Files of one key alone are put together without being read.
      batch.put([0], [number], in: family)
      batch.put([1, number], [], in: family)
      try database.write(batch, synced: false)
      try database.flush(family)
    }
    database.close()
  }

  /// Bytes that a memtable has set aside count as well; rows are what shall fill it.
  @Test func memtablesOfALogAreWrittenOutWhenTheyAreFull() throws {
    let folder = try TemporaryFolder()
    let database = try Database.open(
      path: folder.path + "/db",
      families: RocksDBOpening.familyOptions
    )
    let names = [
      FamilyName.events, FamilyName.streams, FamilyName.heads, FamilyName.types, FamilyName.tags,
      FamilyName.ids,
    ]
    let families = try names.map { try #require(database.family($0)) }
    // 12 MiB with what the library keeps for each row; they are written out at 14.
    for number in 0..<UInt32(15_000) {
      let batch = try database.makeBatch()
      for (index, family) in families.enumerated() {
        let value = [UInt8](repeating: 7, count: index == 0 ? 300 : 30)
        batch.put(Self.bytes(of: number), value, in: family)
      }
      try database.write(batch, synced: false)
    }
    for (name, family) in zip(names, families) {
      let rows = try database.property("rocksdb.num-entries-active-mem-table", of: family)
      #expect(rows == 15_000, "\(name)")
    }
  }

  private static func fill(_ path: String, keys: UInt32) throws {
    let database = try Database.open(path: path)
    let family = try #require(database.family("default"))
    let batch = try database.makeBatch()
    for key in 0..<keys {
      batch.put(bytes(of: key), [1], in: family)
      guard key % 50_000 == 49_999 else { continue }
      try database.write(batch, synced: false)
      batch.clear()
    }
    try database.flush(family)
    try database.compact(family)
    database.close()
  }

  private static func bytes(of key: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: key >> (24 - 8 * $0)) }
  }

  private static func bytesReadByThisThread() throws -> UInt64 {
    let text = try String(contentsOfFile: "/proc/thread-self/io", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("rchar: ") })
    return try #require(UInt64(line.dropFirst("rchar: ".count)))
  }
}
