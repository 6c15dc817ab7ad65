import ArgumentParser
import EventLogConformance
import EventLogCore
import EventLogInMemory
import Foundation
import Testing

@testable import WordWeave

@Suite struct LogTransferTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "wordweave-transfer-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func filled(_ events: Int = 300) async throws -> InMemoryEventLog {
    let log = InMemoryEventLog()
    for number in 0..<events {
      let event = NewEvent(id: .make(), type: "T", data: [UInt8](repeating: 7, count: number))
      _ = try await log.append(AppendRequest(to: StreamName("s\(number % 5)"), [event]))
    }
    return log
  }

  @Test(arguments: ExportForm.allCases) func equalLogsGiveEqualFilesAndDigests(
    _ form: ExportForm
  ) async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = try await filled()
    let path = folder + "/one"
    let first = try await LogExporting.run(from: .open(log), to: path, as: form, console: .silent)
    #expect(first.events == 300)
    let copy = InMemoryEventLog()
    let taken = try await LogImporting.run(
      from: path,
      into: .open(copy),
      as: nil,
      console: .silent
    )
    #expect(taken.digest == first.digest)
    #expect(taken.head == 300)
    #expect(taken.known == 0)
    let second = try await LogExporting.run(
      from: .open(copy),
      to: folder + "/two",
      as: .binary,
      console: .silent
    )
    #expect(second.digest == first.digest)
    if form == .binary {
      #expect(try Files.read(path) == Files.read(folder + "/two"))
    }
    // Once more changes nothing, and says that all was there.
    let again = try await LogImporting.run(
      from: path,
      into: .open(copy),
      as: nil,
      console: .silent
    )
    #expect(again.known == 300)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["one", "two"])
  }

  @Test(arguments: ExportForm.allCases) func anImportThatWasCutGoesOn(
    _ form: ExportForm
  ) async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/whole"
    let log = try await filled()
    let whole = try await LogExporting.run(from: .open(log), to: path, as: form, console: .silent)
    let bytes = try Files.read(path)
    let copy = InMemoryEventLog()
    var reached: UInt64 = 0
    for part in 1...3 {
      let cut = folder + "/cut"
      try Data(bytes[..<(bytes.count * part / 4)]).write(to: URL(fileURLWithPath: cut))
      await #expect {
        _ = try await LogImporting.run(from: cut, into: .open(copy), as: nil, console: .silent)
      } throws: { error in
        "\(error)".contains("goes on from there")
      }
      let head = try await copy.head().number
      #expect(head > reached)
      reached = head
    }
    let done = try await LogImporting.run(
      from: path,
      into: .open(copy),
      as: nil,
      console: .silent
    )
    #expect(done.known == reached)
    #expect(done.digest == whole.digest)
  }

  @Test func aLogThatHoldsSomethingElseIsLeftAlone() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/file"
    let log = try await filled(20)
    _ = try await LogExporting.run(from: .open(log), to: path, as: .binary, console: .silent)
    let other = InMemoryEventLog()
    _ = try await other.append(AppendRequest(to: "mine", [NewEvent(type: "Mine")]))
    await #expect {
      _ = try await LogImporting.run(from: path, into: .open(other), as: nil, console: .silent)
    } throws: { error in
      "\(error)".contains("differs from the log at 1") && "\(error)".contains("nothing was written")
    }
    #expect(try await other.head() == GlobalPosition(1))
    // A log that went further is no beginning of the file.
    _ = try await log.append(AppendRequest(to: "more", [NewEvent(type: "More")]))
    await #expect {
      _ = try await LogImporting.run(from: path, into: .open(log), as: nil, console: .silent)
    } throws: { error in
      "\(error)".contains("holds 21 events, the export 20")
    }
  }

  /// It lies in the first batch, of which the log writes a part before it comes to the event.
  @Test func whatWasWrittenBeforeAnEventThatIsRefusedIsTold() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/file"
    let log = InMemoryEventLog()
    let events = (0..<5200).map { _ in NewEvent(id: .make(), type: "T") }
    _ = try await log.append(AppendRequest(to: "s", events))
    let odd = OneOddEvent(log, at: GlobalPosition(5000))
    _ = try await LogExporting.run(from: .open(odd), to: path, as: .binary, console: .silent)
    let copy = InMemoryEventLog()
    for _ in 0..<2 {
      let error = await #expect(throws: CommandError.self) {
        _ = try await LogImporting.run(from: path, into: .open(copy), as: nil, console: .silent)
      }
      let head = try await copy.head().number
      #expect(head > 0 && head < 5000)
      #expect(error?.found.contains("duplicate keys") == true)
      #expect(error?.advice?.contains("the log holds \(head) events") == true)
    }
  }

  @Test func aFullDiskIsToldWithWhatToDo() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/file"
    let log = try await filled(20)
    _ = try await LogExporting.run(from: .open(log), to: path, as: .binary, console: .silent)
    let full = FullDisk(InMemoryEventLog())
    let error = await #expect(throws: CommandError.self) {
      _ = try await LogImporting.run(from: path, into: .open(full), as: nil, console: .silent)
    }
    #expect(error?.found == "the disk of the log is full")
    #expect(
      error?.advice
        == "the log holds 0 events at least; make room, then run the same command again to go on"
    )
  }

  @Test func whatIsNoExportIsToldSo() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/file"
    for (bytes, finding) in [
      ([], "nothing"), (Array("hello".utf8), "neither"), (Array("WEAVELOG9999".utf8), "too early"),
      (Array("{\"a\":1}\n".utf8), "first line"),
    ] as [([UInt8], String)] {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      await #expect {
        _ = try await LogImporting.run(
          from: path,
          into: .open(InMemoryEventLog()),
          as: nil,
          console: .silent
        )
      } throws: { error in
        "\(error)".contains(finding)
      }
    }
    await #expect(throws: CommandError.self) {
      _ = try await LogImporting.run(
        from: folder + "/nowhere",
        into: .open(InMemoryEventLog()),
        as: nil,
        console: .silent
      )
    }
  }

  @Test func nothingIsMadeForWhatIsNoExport() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/file"
    try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
    for file in [path, folder + "/nowhere"] {
      let command = try EventsImportCommand.parse([file, "--data", folder + "/data"])
      await #expect(throws: CommandError.self) { try await command.run() }
      #expect(!FileManager.default.fileExists(atPath: folder + "/data"))
    }
  }

  /// A file that was there stays as it is until the new one is whole.
  @Test func aFailedExportLeavesNothing() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/file"
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    let log = try await filled(20)
    await log.close()
    await #expect(throws: (any Error).self) {
      _ = try await LogExporting.run(from: .open(log), to: path, as: .binary, console: .silent)
    }
    #expect(try Files.text(path) == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
  }
}

/// A log that hands one event out as no log takes it: with a metadata key twice.
private final class OneOddEvent: EngineWrapper {
  let base: any EventLogEngine
  private let place: GlobalPosition

  init(_ base: any EventLogEngine, at place: GlobalPosition) {
    self.base = base
    self.place = place
  }

  func readAll(
    after position: GlobalPosition?,
    matching query: EventQuery,
    direction: Direction,
    limit: Int,
    includeRemoved: Bool
  ) async throws(EventLogError) -> EventPage {
    let page = try await base.readAll(
      after: position,
      matching: query,
      direction: direction,
      limit: limit,
      includeRemoved: includeRemoved
    )
    return EventPage(
      events: page.events.map { $0.position == place ? Self.odd($0) : $0 },
      scannedTo: page.scannedTo,
      head: page.head,
      isEnd: page.isEnd
    )
  }

  private static func odd(_ event: RecordedEvent) -> RecordedEvent {
    var bytes: [UInt8] = []
    Envelope.encode(
      NewEvent(id: event.id, type: event.type, metadata: ["k": "1", "k": "2"]),
      id: event.id,
      stream: event.stream,
      tracking: nil,
      into: &bytes
    )
    bytes.withUnsafeMutableBytes {
      Envelope.stamp(
        $0,
        position: event.position,
        revision: event.revision,
        recordedAt: event.recordedAt
      )
    }
    return RecordedEvent(checked: bytes, start: 0, count: bytes.count)
  }
}

/// Takes no event of an export, as a store does whose disk is full.
private final class FullDisk: EngineWrapper {
  let base: any EventLogEngine

  init(_ base: any EventLogEngine) { self.base = base }

  func restore(_ events: [RecordedEvent]) async throws(EventLogError) {
    throw .outcomeUnknown("the event log's store failed: IO error: No space left on device: 1.log")
  }
}
