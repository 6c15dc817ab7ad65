import EventLogCore
import EventLogRocksDB
import Foundation
import RocksDBDriver
import Testing

@Suite struct TornTailTests {
  @Test func L43_anAnsweredCommitIsNeverLostInSilence() async throws {
    let written = try await WrittenLog()
    try await written.forEachPlace(by: 1) { place, damage in
      let copy = try written.copy(keepsMark: true) { damage.apply(to: &$0, at: place) }
      let before = try copy.contents()
      #expect("\(damage) at \(place)") {
        _ = try RocksDBEventLog.open(path: copy.path)
      } throws: { error in
        if case .corrupt = error as? EventLogError { true } else { false }
      }
      #expect(try copy.contents() == before, "\(damage) at \(place): the opening left a trace")
    }
  }

  @Test func L43_anUnansweredCommitIsWholeOrAbsent() async throws {
    let written = try await WrittenLog()
    // These openings write, so every byte takes more seconds than each run should.
    try await written.forEachPlace(by: WrittenLog.isLong ? 1 : 3) { place, damage in
      let copy = try written.copy(keepsMark: false) { damage.apply(to: &$0, at: place) }
      let log = try RocksDBEventLog.open(path: copy.path)
      #expect(try await log.head() == GlobalPosition(9), "\(damage) at \(place)")
      try await log.verify()
      // The log goes on where it ends.
      let receipt = try await log.append(.numbered(10, to: "s"))
      #expect(receipt.lastPosition == GlobalPosition(10), "\(damage) at \(place)")
      await log.close()
    }
  }

  @Test func L43_aRefusedOpeningWritesNothing() async throws {
    let written = try await WrittenLog(commits: 40)
    let whole = try Data(contentsOf: URL(fileURLWithPath: written.path + written.file))
    let places = [0, 1, whole.count / 3, written.last.lowerBound, written.last.upperBound - 1]
    for place in places {
      let copy = try written.copy(keepsMark: true) { $0.removeSubrange(place...) }
      let before = try copy.contents()
      for _ in 0..<2 {
        #expect {
          _ = try RocksDBEventLog.open(path: copy.path)
        } throws: { error in
          if case .corrupt = error as? EventLogError { true } else { false }
        }
        #expect(try copy.contents() == before, "cut at \(place)")
      }
      // Whoever finds the file again loses nothing.
      try whole.write(to: URL(fileURLWithPath: copy.path + written.file))
      let log = try RocksDBEventLog.open(path: copy.path)
      #expect(try await log.head() == GlobalPosition(40))
      #expect(log.identity.epoch == 1)
      try await log.verify()
      await log.close()
    }
  }

  @Test func L43_aLostDatabaseIsNotTakenForAFreshLog() async throws {
    let written = try await WrittenLog()
    let copy = try written.copy(keepsMark: true) { _ in }
    try FileManager.default.removeItem(atPath: copy.path + "/store")
    #expect {
      _ = try RocksDBEventLog.open(path: copy.path)
    } throws: { error in
      if case .corrupt = error as? EventLogError { true } else { false }
    }
    #expect(try copy.contents().keys.sorted() == ["answered"])
  }

  @Test func openingWithKnownLossStartsAnEpoch() async throws {
    let written = try await WrittenLog()
    let copy = try written.copy(keepsMark: true) {
      $0.removeSubrange((written.last.lowerBound + 5)...)
    }
    let log = try RocksDBEventLog.open(path: copy.path, acceptsLoss: true)
    #expect(log.identity.epochNumber == 2)
    #expect(log.identity.epochEnds == [GlobalPosition(9)])
    #expect(try await log.head() == GlobalPosition(9))
    await log.close()
    let again = try RocksDBEventLog.open(path: copy.path)
    #expect(again.identity.epochNumber == 2)
    await again.close()
  }

  @Test func anotherFormatIsRefusedWithBothNumbers() async throws {
    let written = try await WrittenLog()
    let names = ["events", "streams", "heads", "ids", "tracking", "meta"]
    var families = names.map { FamilyOptions($0) }
    for name in ["types", "tags"] {
      var options = FamilyOptions(name)
      options.prefixBytes = 16
      families.append(options)
    }
    try Self.writeFormat(7, to: written.path, families)
    #expect {
      _ = try RocksDBEventLog.open(path: written.path)
    } throws: { error in
      let text = "\(error)"
      return text.contains("format 7") && text.contains("formats 1 to 3")
    }
  }

  @Test func aBackupOpensInANewEpoch() async throws {
    let folder = try TemporaryFolder()
    let log = try RocksDBEventLog.open(path: folder.path + "/log")
    for index in 0..<5 { _ = try await log.append(.numbered(index, to: "s")) }
    try await log.backUp(to: folder.path + "/backup")
    _ = try await log.append(.numbered(5, to: "s"))
    let backup = try RocksDBEventLog.open(path: folder.path + "/backup")
    #expect(backup.identity.id == log.identity.id)
    #expect(backup.identity.epochNumber == 2)
    #expect(backup.identity.epochEnds == [GlobalPosition(5)])
    #expect(try await backup.head() == GlobalPosition(5))
    await log.close()
    await backup.close()
  }

  // A function of its own: the batch keeps the database open until it is gone.
  private static func writeFormat(
    _ format: UInt8,
    to path: String,
    _ families: [FamilyOptions]
  ) throws {
    let database = try Database.open(path: path + "/store", families: families)
    let batch = try database.makeBatch()
    batch.put(
      Array("format".utf8),
      [0, 0, 0, format],
      in: try #require(database.family("meta"))
    )
    try database.write(batch, synced: true)
    database.close()
  }
}
