import EventLogCore
import EventLogRocksDB
import Foundation
import Testing

/// A log that the first release of the stored form wrote, as somebody may still have it.
@Suite struct OldFormatTests {
  private static let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/format-1")

  @Test func aLogOfFormat1IsReadAndWrittenOn() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/log"
    try FileManager.default.copyItem(atPath: Self.fixture.path, toPath: path)
    var log = try RocksDBEventLog.open(path: path)
    #expect(try await log.head() == GlobalPosition(19))
    try await log.verify()
    let drafted = EventQuery([EventQuery.Item(types: ["PostDrafted"])])
    let page = try await log.readAll(after: nil, matching: drafted)
    #expect(page.events.count == 6)
    let stream = try #require(page.events.first?.stream)
    let old = try await log.read(stream, from: .first, direction: .forward, limit: 100)
    #expect(old.events.count == 3)

    let notes = (0..<5).map { NewEvent(type: "Noted", data: [UInt8($0)], tags: ["tides"]) }
    _ = try await log.append(AppendRequest(to: stream, notes))
    await log.close()

    log = try RocksDBEventLog.open(path: path)
    try await log.verify()
    let both = try await log.read(stream, from: .first, direction: .forward, limit: 100)
    #expect(both.events.prefix(3) == old.events.prefix(3))
    #expect(both.events.map { $0.revision?.number } == (0..<8).map { $0 })
    let backward = try await log.read(stream, from: .max, direction: .backward, limit: 100)
    #expect(backward.events == both.events.reversed())
    await log.close()
  }
}
