import EventLogCore
import EventLogRocksDB
import Foundation
import RocksDBDriver
import Testing

@Suite struct TornTailTests {
  /// A log of ten commits, and where in its write-ahead file the last one lies.
  private struct Written {
    let folder: TemporaryFolder
    let path: String
    let file: String
    let last: Range<Int>

    init() async throws {
      folder = try TemporaryFolder()
      path = folder.path + "/log"
      let log = try RocksDBEventLog.open(path: path)
      for index in 0..<9 { _ = try await log.append(.numbered(index, to: "s")) }
      let name = try FileManager.default.contentsOfDirectory(atPath: path + "/store")
        .filter { $0.hasSuffix(".log") }.max()
      file = "/store/" + (try #require(name))
      let before = try Self.size(path + file)
      _ = try await log.append(.numbered(9, to: "s"))
      await log.close()
      last = before..<(try Self.size(path + file))
    }

    static func size(_ path: String) throws -> Int {
      try #require(
        FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      )
    }

    /// A copy whose write-ahead file went through `change`.
    func damaged(_ change: (inout Data) -> Void, keepsMark: Bool) throws -> String {
      let copy = folder.path + "/copy-" + UUID().uuidString
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      let url = URL(fileURLWithPath: copy + file)
      var bytes = try Data(contentsOf: url)
      change(&bytes)
      try bytes.write(to: url)
      if !keepsMark { try FileManager.default.removeItem(atPath: copy + "/answered") }
      return copy
    }
  }

  @Test func L43_anAnsweredCommitIsNeverLostInSilence() async throws {
    let written = try await Written()
    for cut in stride(from: written.last.lowerBound, to: written.last.upperBound, by: 23) {
      let path = try written.damaged({ $0.removeSubrange(cut...) }, keepsMark: true)
      #expect {
        _ = try RocksDBEventLog.open(path: path)
      } throws: { error in
        if case .corrupt = error as? EventLogError { true } else { false }
      }
    }
  }

  @Test func L43_anUnansweredCommitIsWholeOrAbsent() async throws {
    let written = try await Written()
    for place in stride(from: written.last.lowerBound, to: written.last.upperBound, by: 29) {
      let cut = try written.damaged({ $0.removeSubrange(place...) }, keepsMark: false)
      let flipped = try written.damaged({ $0[place] ^= 0x40 }, keepsMark: false)
      for path in [cut, flipped] {
        let log = try RocksDBEventLog.open(path: path)
        #expect(try await log.head() == GlobalPosition(9))
        try await log.verify()
        // The log goes on where it ends.
        #expect(try await log.append(.numbered(10, to: "s")).lastPosition == GlobalPosition(10))
        await log.close()
      }
    }
  }

  @Test func openingWithKnownLossStartsAnEpoch() async throws {
    let written = try await Written()
    let path = try written.damaged(
      { $0.removeSubrange((written.last.lowerBound + 5)...) },
      keepsMark: true
    )
    let log = try RocksDBEventLog.open(path: path, acceptsLoss: true)
    #expect(log.identity.epoch == 2)
    #expect(log.identity.epochEnds == [GlobalPosition(9)])
    #expect(try await log.head() == GlobalPosition(9))
    await log.close()
    let again = try RocksDBEventLog.open(path: path)
    #expect(again.identity.epoch == 2)
    await again.close()
  }

  @Test func anotherFormatIsRefusedWithBothNumbers() async throws {
    let written = try await Written()
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
      return text.contains("format 7") && text.contains("format 1")
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
    #expect(backup.identity.epoch == 2)
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
