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
