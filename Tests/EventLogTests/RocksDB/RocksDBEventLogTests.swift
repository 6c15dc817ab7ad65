import EventLogCore
import EventLogRocksDB
import Glibc
import Testing

@Suite struct RocksDBEventLogTests {
  @Test func writtenEventsAreReadBackAfterReopening() async throws {
    let folder = try TemporaryFolder()
    let log = try RocksDBEventLog.open(path: folder.path)
    let identity = log.identity
    var expected: [RecordedEvent] = []
    for index in 0..<50 {
      let receipt = try await log.append(.numbered(index, to: "s-\(index % 3)"))
      #expect(receipt.lastPosition.number == UInt64(index + 1))
    }
    expected = try await log.readAll(after: nil).events
    #expect(expected.count == 50)
    await log.close()
    let again = try RocksDBEventLog.open(path: folder.path)
    #expect(again.identity == identity)
    #expect(try await again.readAll(after: nil).events == expected)
    #expect(try await again.head() == GlobalPosition(50))
    let page = try await again.read(
      StreamName("s-1"),
      from: .first,
      direction: .forward,
      limit: 100
    )
    let statistics = try await again.statistics()
    #expect(statistics.events == 50 && statistics.streams == 3)
    // Everything is in memtables and write-ahead files still, and counts all the same.
    #expect(statistics.bytesOnDisk > 50 * 100)
    #expect(page.events.map(\.revision?.number) == (0..<17).map { UInt64($0) })
    try await again.verify()
    await again.close()
    await again.close()
  }

  @Test func aSecondOpenerIsLockedOut() async throws {
    let folder = try TemporaryFolder()
    let log = try RocksDBEventLog.open(path: folder.path)
    #expect {
      _ = try RocksDBEventLog.open(path: folder.path)
    } throws: { error in
      if case .locked = error as? EventLogError { true } else { false }
    }
    await log.close()
    let again = try RocksDBEventLog.open(path: folder.path)
    await again.close()
  }

  /// What others may do with a file or folder.
  private func rightsOfOthers(_ path: String) throws -> mode_t {
    var status = stat()
    let found = stat(path, &status)
    try #require(found == 0)
    return status.st_mode & 0o077
  }

  /// The folder above it may be one that others look into.
  @Test func nobodyElseLooksIntoALog() async throws {
    let folder = try TemporaryFolder(inMemory: true)
    chmod(folder.path, 0o755)
    let path = folder.path + "/log"
    let log = try RocksDBEventLog.open(path: path)
    try await log.backUp(to: folder.path + "/backup")
    await log.close()
    for name in ["/log", "/log/answered", "/backup", "/backup/restored"] {
      #expect(try rightsOfOthers(folder.path + name) == 0, "\(name)")
    }
    // Nor into one that was made with more rights.
    chmod(path, 0o755)
    let again = try RocksDBEventLog.open(path: path)
    #expect(try rightsOfOthers(path) == 0)
    await again.close()
  }

  @Test func tagsAreFoundInBothDirections() async throws {
    let folder = try TemporaryFolder()
    let log = try RocksDBEventLog.open(path: folder.path)
    for index in 0..<200 {
      let tags: [Tag] = [Tag("mod3:\(index % 3)"), Tag("mod5:\(index % 5)")]
      _ = try await log.append(
        AppendRequest(to: nil, [NewEvent(type: "Counted", data: [UInt8(index)], tags: tags)])
      )
    }
    let query = EventQuery([
      EventQuery.Item(tags: ["mod3:1", "mod5:2"]), EventQuery.Item(types: [], tags: ["mod3:0"]),
    ])
    let all = try await log.readAll(after: nil).events
    let wanted = all.filter { $0.matches(query) }
    #expect(try await log.readAll(after: nil, matching: query).events == wanted)
    let backward = try await log.readAll(after: nil, matching: query, direction: .backward)
    #expect(backward.events == wanted.reversed())
    #expect(backward.isEnd)
    await log.close()
  }
}

extension AppendRequest {
  static func numbered(_ number: Int, to stream: String) -> AppendRequest {
    AppendRequest(
      to: StreamName(stream),
      [
        NewEvent(
          id: .make(),
          type: "Numbered",
          data: Array("event \(number)".utf8),
          tags: [Tag("n:\(number % 7)")]
        )
      ]
    )
  }
}
